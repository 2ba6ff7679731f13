import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, freeze, startNats, type RunningServer } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { connectNatsBus } from './bus-nats.ts'
import type { Bus } from './bus.ts'

let nats: RunningServer
const children: ChildProcess[] = []
beforeAll(async () => void (nats = await startNats()))
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await nats.stop()
})

const open = () => connectNatsBus({ url: nats.url, name: 'test', log: silentLog() })

async function startWorker(name: string, bus: Bus): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'frozen.fixture.ts'), nats.url, name])
  children.push(child)
  await eventually(() => bus.request(`done.${name}`, '', 1_000), 15_000)
  return child.pid ?? 0
}

const doneBy = async (bus: Bus, name: string): Promise<string[]> =>
  JSON.parse(await eventually(() => bus.request(`done.${name}`, '', 1_000)))

/** As the product repeats what got no answer: until somebody has done it. */
async function untilDone(bus: Bus, text: string): Promise<{ by: string; givenUp: number }> {
  for (let givenUp = 0; ; givenUp += 1) {
    const by = await bus.request('work', text, 150).catch(() => null)
    if (by !== null) return { by, givenUp }
  }
}

it('C5 a frozen process does not do a request that its caller gave up and another process did', async () => {
  const known = await open()
  const frozen = await startWorker('frozen', known)
  for (let count = 0; count < 3; count += 1) expect(await known.request('work', 'before', 1_000)).toBe('frozen')
  await startWorker('awake', known)
  await freeze(frozen)
  const callers = [known, await open(), await open()]
  const texts = callers.map((_, at) => Array.from({ length: 10 }, (_step, step) => `${at} ${step}`))
  const outcomes = await Promise.all(
    callers.map(async (bus, at) => {
      const outcomesOfOne = []
      for (const text of texts[at] ?? []) outcomesOfOne.push(await untilDone(bus, text))
      return outcomesOfOne
    }),
  )
  for (const outcomesOfOne of outcomes) {
    expect(outcomesOfOne.every(({ by }) => by === 'awake')).toBe(true)
    // Half of what is asked goes to the frozen one.
    expect(outcomesOfOne.reduce((sum, { givenUp }) => sum + givenUp, 0)).toBeGreaterThan(0)
  }
  process.kill(frozen, 'SIGCONT')
  expect(await doneBy(known, 'frozen')).toEqual(['before', 'before', 'before'])
  expect(await doneBy(known, 'awake')).toEqual(expect.arrayContaining(texts.flat()))
  // It is as good as before: it does what is asked now.
  const by = await Promise.all(callers.flatMap((bus) => Array.from({ length: 20 }, () => untilDone(bus, 'after'))))
  expect(new Set(by.map(({ by: name }) => name))).toEqual(new Set(['frozen', 'awake']))
  expect(new Set(await doneBy(known, 'frozen'))).toEqual(new Set(['before', 'after']))
  await Promise.all(callers.map((bus) => bus.close(500)))
}, 60_000)
