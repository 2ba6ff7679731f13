import { describe, expect, it } from 'vitest'
import { readStamp, writeStamp } from './call.ts'
import { CallerClocks } from './caller-clocks.ts'

/** A responder whose clock is `ahead` of the callers' by so much, with a way of `wayMs` from and to them. */
function responder({ ahead = 1_000_000, wayMs = 1 } = {}) {
  const world = { now: 5_000, ahead, wayMs, asked: [] as string[], silent: false }
  const clocks = new CallerClocks({
    self: 'self',
    now: () => world.now + world.ahead,
    async ask(caller) {
      world.asked.push(caller)
      world.now += world.wayMs
      const answer = world.now
      world.now += world.wayMs
      if (world.silent) throw new Error('nobody')
      return answer
    },
  })
  /** How long the caller still waits, as the responder has it, for a request that was under way for `tookMs`. */
  const left = async (caller: string, tookMs: number, timeoutMs = 1_000) => {
    const sentAt = world.now
    world.now += tookMs
    const deadline = await clocks.deadlineOf({ caller, sentAt, timeoutMs })
    return deadline - world.ahead - world.now
  }
  return { world, clocks, left }
}

describe('C5 deadlines by the clocks of others', () => {
  it('reads the stamp that it wrote, and takes what has none for endless', () => {
    const stamp = { caller: 'a-1_B', sentAt: 12_345, timeoutMs: 900 }
    expect(readStamp(writeStamp(stamp))).toEqual(stamp)
    for (const text of [undefined, '', 'a 1', 'a b 1', 'a -1 1', `${'x'.repeat(65)} 1 1`]) {
      expect(readStamp(text)).toBe(null)
    }
    expect(responder().clocks.deadlineOf(null)).toBe(Infinity)
  })

  it('asks an unknown caller for its clock once, and knows what came too late at once', async () => {
    const { world, left } = responder()
    expect(await left('a', 1_500)).toBeLessThan(0)
    expect(await left('a', 5)).toBeGreaterThan(900)
    expect(await left('a', 900)).toBeGreaterThan(0)
    expect(await left('a', 1_010)).toBeLessThan(0)
    expect(world.asked).toEqual(['a'])
  })

  it('takes a request whose caller does not answer for given up', async () => {
    const { world, left } = responder()
    world.silent = true
    expect(await left('a', 1)).toBe(-Infinity)
  })

  it('never takes what is late for in time, though the question took long; and asks again then', async () => {
    const { world, left } = responder({ wayMs: 400 })
    expect(await left('a', 1_300)).toBeLessThan(0)
    expect(await left('a', 20)).toBeLessThan(200)
    expect(world.asked).toHaveLength(2)
  })

  it('follows clocks that drift apart, and asks again after two quiet minutes', async () => {
    const { world, left } = responder()
    for (let minute = 0; minute < 120; minute += 1) {
      expect(await left('a', 5), `minute ${minute}`).toBeGreaterThan(900)
      world.now += 60_000
      world.ahead += minute % 40 < 20 ? 30 : -30
    }
    expect(world.asked).toHaveLength(1)
    world.now += 120_000
    expect(await left('a', 1_500)).toBeLessThan(0)
    expect(world.asked).toHaveLength(2)
  })

  it('does not learn from what is late, however much of it comes', async () => {
    const { left } = responder()
    expect(await left('a', 1)).toBeGreaterThan(0)
    for (let count = 0; count < 60; count += 1) expect(await left('a', 3_000)).toBeLessThan(0)
    expect(await left('a', 1)).toBeGreaterThan(900)
  })

  it('knows 1,000 callers and forgets the one that asked least recently', async () => {
    const { world, left } = responder()
    for (let caller = 0; caller <= 1_000; caller += 1) await left(`c${caller}`, 1)
    await left('c1000', 1)
    expect(world.asked).toHaveLength(1_001)
    await left('c0', 1)
    expect(world.asked.at(-1)).toBe('c0')
  })

  it('asks once for all that come meanwhile, and its own process never', async () => {
    const { world, clocks } = responder()
    const stamps = Array.from({ length: 50 }, () => ({ caller: 'a', sentAt: world.now, timeoutMs: 1_000 }))
    await Promise.all(stamps.map(async (stamp) => clocks.deadlineOf(stamp)))
    expect(clocks.deadlineOf({ caller: 'self', sentAt: 7, timeoutMs: 5 })).toBe(12)
    expect(world.asked).toEqual(['a'])
  })
})
