import { afterAll, beforeAll, expect, it } from 'vitest'
import { startStack } from '../support/product.ts'
import { hostileFrames } from './frames.ts'
import { tryFrames } from './frames-run.ts'
import { makeInspectable } from './live-memory.ts'
import { fuzz, fuzzedEnv } from './run.ts'

let stack: Awaited<ReturnType<typeof startStack>>
beforeAll(async () => {
  makeInspectable()
  stack = await startStack(['--gateway', '1', '--signaling', '1', '--chat', '1'], fuzzedEnv)
}, 90_000)
afterAll(() => stack.stop(), 60_000)

const places = () => {
  const [node] = stack.file.signaling
  if (node === undefined) throw new Error('the stack has no signaling node')
  return { gateway: stack.gateways[0] ?? '', node }
}

it('T20 hostile frames end as documented', async () => {
  const { gateway } = places()
  expect(hostileFrames.length).toBeGreaterThanOrEqual(60)
  expect((await tryFrames(gateway)).faults).toEqual([])
}, 60_000)

it('T20 20,000 mutated messages get only documented answers, and the node lives', async () => {
  const { gateway, node } = places()
  const seed = Date.now() % 1_000_000
  const { judge, others, memory, seconds } = await fuzz({
    messages: 20_000,
    seed,
    clients: 90,
    gateway,
    node,
    output: stack.output,
  })
  const grown = (memory.end.live - memory.warm.live).toFixed(1)
  console.log(
    `T20: seed ${seed}, ${seconds.toFixed(1)} s, others' p99 ${others.p99.toFixed(1)} ms, node ${grown} MiB more; ` +
      `repeat: npm run fuzz -- --messages 20000 --clients 90 --seed ${seed}`,
  )
  expect(judge.faults).toEqual([])
  expect(others).toMatchObject({ arrived: others.sent, closed: false })
  expect(() => process.kill(node.pid, 0)).not.toThrow()
  // Signs that it was tried in every state, and that enough was right to be acted on.
  for (const seen of [
    'answer room.resumed',
    'answer ack',
    'push participant.left',
    'problem wrong-state',
    'close 4400',
  ])
    expect([seen, judge.counts.get(seen) ?? 0]).toEqual([seen, expect.toSatisfy((count: number) => count > 0)])
}, 120_000)
