import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryKv } from './kv/kv-memory.ts'
import { createLocalLimiter } from './kv/limiter-local.ts'
import { TtlMap } from './kv/ttl-map.ts'
import { createDirectory } from './directory.ts'
import { fakeClock } from './testing/clock.ts'
import { silentLog } from './testing/silent-log.ts'
import { createKeySource } from './tokens/key-source.ts'
import { createRevocations } from './tokens/revocations.ts'

const log = silentLog()
/** Sets the machine's time; no time passes, no timer fires. */
const step = (ms: number): void => void vi.setSystemTime(Date.now() + ms)
const steps: [string, number][] = [
  ['back 60 s', -60_000],
  ['forward 60 s', 60_000],
]

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe.each(steps)('C14 T33 a machine whose clock is set %s', (_name, ms) => {
  test('keeps entries of a map for exactly their time', async () => {
    const map = new TtlMap<string>()
    map.set('a', 'kept', 30_000)
    step(ms)
    await vi.advanceTimersByTimeAsync(29_000)
    expect(map.get('a')).toBe('kept')
    await vi.advanceTimersByTimeAsync(1_500)
    expect(map.get('a')).toBeUndefined()
    map.close()
  })

  test('ends a window of a limit when it would have ended, and says so', async () => {
    const limiter = createLocalLimiter({ name: 'test', points: 2, seconds: 10 })
    await limiter.take('a', 2)
    step(ms)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(await limiter.take('a')).toEqual({ allowed: false, remaining: 0, retryAfterMs: 6_000 })
    await vi.advanceTimersByTimeAsync(6_500)
    expect((await limiter.take('a')).allowed).toBe(true)
  })

  test('keeps a lease in the store of this process for exactly its time', async () => {
    const kv = createMemoryKv()
    await kv.announce('nodes', ['a'], 5_000)
    const { ageMs } = await kv.incarnation()
    step(ms)
    expect([await kv.alive('nodes'), await kv.expired('nodes')]).toEqual([['a'], []])
    await vi.advanceTimersByTimeAsync(5_500)
    expect([await kv.alive('nodes'), await kv.expired('nodes')]).toEqual([[], ['a']])
    expect((await kv.incarnation()).ageMs).toBe(ageMs + 5_500)
    await kv.close()
  })

  test('believes an empty list of services after 6 s, neither sooner nor later', async () => {
    const kv = createMemoryKv()
    const directory = createDirectory(kv, ['auth'], { log })
    await kv.announce('services:auth', JSON.stringify({ id: 'a', url: 'http://a' }), 500)
    await directory.start()
    const count = () => directory.instances('auth').length
    await vi.advanceTimersByTimeAsync(1_500)
    step(ms)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(count()).toBe(1)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(count()).toBe(0)
    directory.stop()
    await kv.close()
  })
})

describe.each(steps)('C14 what is known of tokens, when the clock is set %s', (_name, ms) => {
  test('the list of revocations is as old as it is, and keeps an item for 20 minutes', async () => {
    const clock = fakeClock()
    let down = false
    const fetch = async () => {
      if (down) throw new Error('down')
      return { items: [], now: clock.now() }
    }
    const revocations = createRevocations({ fetch, log, clock })
    await revocations.start()
    revocations.add({ kind: 'session', id: 's1', at: 0 })
    down = true
    clock.step(ms)
    clock.advance(14_000)
    expect(revocations.ready()).toBe(true)
    clock.advance(1_000)
    expect(revocations.ready()).toBe(false)
    const isRevoked = async () => {
      await vi.advanceTimersByTimeAsync(1_000)
      return revocations.isRevoked({ userId: 'u1', sessionId: 's1', epoch: 0 })
    }
    clock.advance(19 * 60_000)
    expect(await isRevoked()).toBe(true)
    clock.advance(60_000)
    expect(await isRevoked()).toBe(false)
    revocations.stop()
  })

  test('an unknown key is asked for once a second', async () => {
    const clock = fakeClock()
    let fetches = 0
    const fetch = async () => {
      fetches += 1
      throw new Error('down')
    }
    const keys = createKeySource({ fetch, log, clock })
    const asked = async () => {
      await keys.key('unknown').catch(() => null)
      return fetches
    }
    expect(await asked()).toBe(1)
    clock.step(ms)
    expect(await asked()).toBe(1)
    clock.advance(1_000)
    expect(await asked()).toBe(2)
  })
})
