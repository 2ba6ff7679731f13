import { asProblem, readConfig, type LimiterOptions } from '@parley/kit'
import { fakeClock } from '@parley/kit/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { gatewayConfig } from './config.ts'
import { createLimits } from './edge/limits.ts'
import { createUpstreams } from './upstreams.ts'
import { createNodes } from './ws/nodes.ts'

const steps: [string, number][] = [
  ['back 60 s', -60_000],
  ['forward 60 s', 60_000],
]
const config = readConfig(gatewayConfig, { WEB_DIR: '/nonexistent' })
const instances = ['1', '2'].map((id) => ({ id, url: `http://127.0.0.${id}` }))

describe.each(steps)('C14 T33 a gateway whose clock is set %s', (_name, ms) => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const step = () => void vi.setSystemTime(Date.now() + ms)

  it('opens a limit when its window is over, and asks the store no oftener', async () => {
    const clock = fakeClock()
    let asked = 0
    let left = 1_000
    const limiter = ({ seconds }: LimiterOptions) => ({
      async take(_key: string, cost = 1) {
        asked += 1
        left -= cost
        const allowed = left >= 0
        return { allowed, remaining: Math.max(0, left), retryAfterMs: allowed ? 0 : seconds * 1_000 }
      },
    })
    const limits = createLimits(config, { kv: { limiter }, clock })
    const refused = async () => {
      try {
        await limits.request('anonymous', '198.51.100.1')
        return null
      } catch (error) {
        return asProblem(error)?.toProblem()
      }
    }
    // One, then two: the second of these is still in hand.
    for (let count = 0; count < 2; count += 1) expect(await refused()).toBeNull()
    clock.step(ms)
    expect([await refused(), asked]).toEqual([null, 2])
    left = 0
    expect(await refused()).toMatchObject({ code: 'rate-limited', retryAfterMs: 60_000 })
    clock.step(ms)
    expect(await refused()).toMatchObject({ code: 'rate-limited', retryAfterMs: 60_000 })
    clock.advance(59_999)
    left = 1_000
    expect(await refused()).toMatchObject({ retryAfterMs: 1 })
    clock.advance(1)
    expect(await refused()).toBeNull()
  })

  it('puts a node that failed last for 5 s', async () => {
    const nodes = createNodes(() => instances)
    const [failing, other] = nodes.inOrder('m')
    if (failing === undefined) throw new Error('there are two')
    nodes.failed(failing)
    step()
    await vi.advanceTimersByTimeAsync(4_000)
    expect(nodes.inOrder('m')).toEqual([other, failing])
    await vi.advanceTimersByTimeAsync(1_500)
    expect(nodes.inOrder('m')).toEqual([failing, other])
  })

  it('passes over an instance that failed for 1 s', async () => {
    const directory = { instances: () => instances, fresh: () => true, start: async () => {}, stop: () => {} }
    const upstreams = createUpstreams(directory, ['auth'], { timeoutMs: 1_000 })
    const key = 'the same each time'
    const first = upstreams.pick('auth', { key })
    if (first === null) throw new Error('there are two')
    upstreams.pause(first)
    step()
    await vi.advanceTimersByTimeAsync(500)
    expect(upstreams.pick('auth', { key })).not.toBe(first)
    await vi.advanceTimersByTimeAsync(600)
    expect(upstreams.pick('auth', { key })).toBe(first)
    await upstreams.stop()
  })
})
