import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import type { Bus } from './bus.ts'
import { isLate, type Call } from './call.ts'

/** The contract of every bus. `open` makes one more bus of the same network; the suite closes it. */
export function busContract(name: string, open: () => Promise<Bus>): void {
  describe(name, () => {
    let bus: Bus
    beforeEach(async () => void (bus = await open()))
    afterEach(() => bus.close(500))
    events(() => bus)
    subjects(() => bus)
    requests(() => bus)
    deadlines(() => bus)
    closing(() => bus)
  })
}

function events(bus: () => Bus): void {
  it('delivers texts in order, not before publish returned', async () => {
    const heard: string[] = []
    await bus()
      .subscribe('a.b', (text, subject) => void heard.push(`${subject}=${text}`))
      .ready()
    for (let i = 0; i < 500; i += 1) bus().publish('a.b', `é${i}`)
    expect(heard).toEqual([])
    await eventually(() => expect(heard).toEqual(Array.from({ length: 500 }, (_, i) => `a.b=é${i}`)))
  })

  it('matches * to one token and > to one or more', async () => {
    const heard: Record<string, string[]> = {}
    for (const pattern of ['x.*', 'x.>', 'x.*.z', '*.y', '>'])
      await bus()
        .subscribe(pattern, (text) => void (heard[pattern] ??= []).push(text))
        .ready()
    for (const subject of ['x', 'x.y', 'x.y.z', 'w.y']) bus().publish(subject, subject)
    await eventually(() => expect(heard['>']).toEqual(['x', 'x.y', 'x.y.z', 'w.y']))
    expect(heard['x.*']).toEqual(['x.y'])
    expect(heard['x.>']).toEqual(['x.y', 'x.y.z'])
    expect(heard['x.*.z']).toEqual(['x.y.z'])
    expect(heard['*.y']).toEqual(['x.y', 'w.y'])
  })

  it('stops after unsubscribe', async () => {
    const heard: string[] = []
    const first = bus().subscribe('s', (text) => void heard.push(`first ${text}`))
    await bus()
      .subscribe('s', (text) => void heard.push(`second ${text}`))
      .ready()
    first.unsubscribe()
    bus().publish('s', '1')
    await eventually(() => expect(heard).toEqual(['second 1']))
  })

  it('goes on after a subscriber that throws', async () => {
    const heard: string[] = []
    const onText = (text: string) => {
      heard.push(text)
      throw new Error('on purpose')
    }
    await bus().subscribe('t', onText).ready()
    bus().publish('t', '1')
    bus().publish('t', '2')
    await eventually(() => expect(heard).toEqual(['1', '2']))
  })
}

function subjects(bus: () => Bus): void {
  it('refuses malformed subjects', async () => {
    for (const subject of ['', 'a..b', '.a', 'a.', 'a b', 'room.*.x', 'a.>', 'a/b', 'é']) {
      expect(() => bus().publish(subject, ''), subject).toThrow(TypeError)
      await expect(bus().request(subject, '', 100), subject).rejects.toThrow(TypeError)
    }
    for (const subject of ['', 'a..b', 'a.>.b', 'a b', 'a*']) {
      expect(() => bus().subscribe(subject, () => {}), subject).toThrow(TypeError)
      expect(() => bus().respond(subject, 'q', async () => ''), subject).toThrow(TypeError)
    }
  })

  it('takes 512 KiB and no more', async () => {
    await bus()
      .respond('size', 'q', async (text) => String(text.length))
      .ready()
    expect(await bus().request('size', 'x'.repeat(512 * 1024), 2000)).toBe('524288')
    expect(() => bus().publish('size', 'é'.repeat(256 * 1024 + 1))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
    await expect(bus().request('size', 'x'.repeat(512 * 1024 + 1), 100)).rejects.toMatchObject({ code: 'too-large' })
  })
}

function requests(bus: () => Bus): void {
  it('answers a request', async () => {
    await bus()
      .respond('echo.*', 'q', async (text) => `${text}!`)
      .ready()
    expect(await bus().request('echo.a', 'hé', 1000)).toBe('hé!')
  })

  it('gives each request to one responder of a queue, and all of them get some', async () => {
    const counts = [0, 0, 0]
    for (const [at] of counts.entries())
      await bus()
        .respond('work', 'q', async () => {
          counts[at] = (counts[at] ?? 0) + 1
          return ''
        })
        .ready()
    await Promise.all(Array.from({ length: 90 }, () => bus().request('work', '', 2000)))
    expect(counts.reduce((sum, count) => sum + count)).toBe(90)
    expect(Math.min(...counts)).toBeGreaterThan(0)
  })

  it('rejects at once with unavailable when nobody responds', async () => {
    const started = Date.now()
    await expect(bus().request('nobody', '', 2000)).rejects.toMatchObject({ code: 'unavailable' })
    expect(Date.now() - started).toBeLessThan(500)
  })

  it('rejects with deadline-exceeded when the answer is late', async () => {
    await bus()
      .respond('slow', 'q', () => sleep(400, 'late'))
      .ready()
    await expect(bus().request('slow', '', 100)).rejects.toMatchObject({ code: 'deadline-exceeded' })
  })

  it('tells the caller that the handler threw', async () => {
    await bus()
      .respond('broken', 'q', () => Promise.reject(new Error('secret')))
      .ready()
    const failure = bus().request('broken', '', 1000)
    await expect(failure).rejects.toMatchObject({ code: 'internal' })
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('secret') })
  })

  it('runs 256 answers at once, keeps 1,024 waiting, and refuses the rest at once', async () => {
    let [running, most] = [0, 0]
    const gate = Promise.withResolvers<void>()
    const answer = async () => {
      most = Math.max(most, (running += 1))
      await gate.promise
      running -= 1
      return 'done'
    }
    await bus().respond('gate', 'q', answer).ready()
    const codes: string[] = []
    const all = Array.from({ length: 1300 }, () =>
      bus()
        .request('gate', '', 5000)
        .catch((error) => void codes.push(error.code)),
    )
    await eventually(() => expect(codes).toEqual(Array(20).fill('unavailable')))
    gate.resolve()
    expect((await Promise.all(all)).filter((text) => text === 'done')).toHaveLength(1280)
    expect(most).toBe(256)
  })
}

function deadlines(bus: () => Bus): void {
  it('C5 tells the handler until when its caller waits', async () => {
    const calls: Call[] = []
    const answer = async (_text: string, call: Call) => {
      calls.push(call)
      return String(isLate(call))
    }
    await bus().respond('patience', 'q', answer).ready()
    const asked = performance.now()
    expect(await bus().request('patience', '', 500)).toBe('false')
    const [call] = calls
    expect(call?.deadline).toBeGreaterThanOrEqual(asked + 499)
    expect(call?.deadline).toBeLessThanOrEqual(performance.now() + 500)
    await sleep(600)
    expect(call && isLate(call)).toBe(true)
  })

  it('C5 does not carry out a request that is read after its caller gave it up', async () => {
    const carriedOut: string[] = []
    await bus()
      .respond('act', 'q', async (text) => String(carriedOut.push(text)))
      .ready()
    expect(await bus().request('act', 'before', 1_000)).toBe('1')
    const givenUp = bus().request('act', 'given up', 100)
    const failed = expect(givenUp).rejects.toMatchObject({ code: 'deadline-exceeded' })
    standStill(300)
    await failed
    await bus().request('act', 'after', 1_000)
    expect(carriedOut).toEqual(['before', 'after'])
  })

  it('C5 drops from its queue what the callers have given up, which make room for others', async () => {
    const gate = Promise.withResolvers<void>()
    const carriedOut: string[] = []
    const answer = async (text: string) => {
      carriedOut.push(text)
      if (text === 'first') await gate.promise
      return text
    }
    await bus().respond('queue', 'q', answer).ready()
    const first = Array.from({ length: 256 }, () => bus().request('queue', 'first', 5_000))
    await eventually(() => expect(carriedOut).toHaveLength(256))
    const impatient = Array.from({ length: 1_024 }, () => bus().request('queue', 'impatient', 300))
    const outcomes = await Promise.allSettled(impatient)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    const patient = Array.from({ length: 10 }, () => bus().request('queue', 'patient', 5_000))
    await sleep(50)
    gate.resolve()
    expect(await Promise.all(patient)).toEqual(Array(10).fill('patient'))
    await Promise.all(first)
    expect(carriedOut).not.toContain('impatient')
  })
}

/** As a process that is frozen: nothing is read and no timer runs. */
function standStill(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
}

function closing(bus: () => Bus): void {
  it('waits on close for the handlers that run, and their answers arrive', async () => {
    const responded = bus().respond('last', 'q', () => sleep(300, 'served'))
    await responded.ready()
    const answered = bus().request('last', '', 2000)
    await sleep(50)
    const started = Date.now()
    const [text] = await Promise.all([answered, bus().close(2000)])
    expect(text).toBe('served')
    expect(Date.now() - started).toBeLessThan(1500)
  })

  it('closes after its timeout although a handler hangs', async () => {
    await bus()
      .respond('hang', 'q', () => new Promise(() => {}))
      .ready()
    const failed = expect(bus().request('hang', '', 5000)).rejects.toMatchObject({ code: 'unavailable' })
    await sleep(50)
    const changes: boolean[] = []
    bus().onStatus((connected) => changes.push(connected))
    expect(bus().connected()).toBe(true)
    await bus().close(200)
    await failed
    expect(bus().connected()).toBe(false)
    expect(changes).toEqual([false])
    expect(() => bus().publish('hang', '')).not.toThrow()
    await expect(bus().request('hang', '', 1000)).rejects.toMatchObject({ code: 'unavailable' })
  })
}
