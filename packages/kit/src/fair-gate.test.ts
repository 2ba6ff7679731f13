import { expect, it } from 'vitest'
import { createFairGate } from './fair-gate.ts'
import { FairQueue } from './fair-queue.ts'
import { isProblem } from './problem.ts'

const options = { running: 1, waiting: 10, each: { person: 3, address: 6 }, waitMs: 1_000, full: 'Too much at once' }
const at = (address: string, person = address) => ({ address, person })
/** Work that a test finishes itself. */
const held = () => Promise.withResolvers<void>()
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (isProblem(error) ? error.toProblem().code : 'failed'),
  )

it('X13 X14 serves one address after the other, and in each one person after the other', () => {
  const queue = new FairQueue<string>()
  for (const task of ['a1', 'a2', 'a3']) queue.push(at('a', 'ann'), task)
  queue.push(at('a', 'amy'), 'amy1')
  queue.push(at('b'), 'b1')
  for (const task of ['c1', 'c2']) queue.push(at('c'), task)
  expect([queue.size, queue.sizeOf('a'), queue.sizeOf('a', 'amy'), queue.sizeOf('d')]).toEqual([7, 4, 1, 0])
  expect([queue.aheadOf('a'), queue.aheadOf('b'), queue.aheadOf('d')]).toEqual([7, 5, 3])
  const order: (string | undefined)[] = []
  while (queue.size > 0) order.push(queue.shift())
  expect(order).toEqual(['a1', 'b1', 'c1', 'amy1', 'c2', 'a2', 'a3'])
  expect(queue.shift()).toBeUndefined()
})

it('X14 takes from the largest what is too much, and its newest first', () => {
  const queue = new FairQueue<string>()
  queue.push(at('a', 'amy'), 'amy1')
  for (const task of ['a1', 'a2']) queue.push(at('a', 'ann'), task)
  for (const task of ['b1', 'b2']) queue.push(at('b'), task)
  expect(queue.dropFromLargest()).toEqual({ item: 'a2', owner: at('a', 'ann') })
  expect(queue.remove(at('b'), 'b1')).toBe(true)
  expect(queue.remove(at('b'), 'b1')).toBe(false)
  expect(queue.clear().toSorted()).toEqual(['a1', 'amy1', 'b2'])
  expect([queue.size, queue.dropFromLargest()]).toEqual([0, undefined])
})

it('X13 anyone who brings one task is served while somebody else brings as many as they can', async () => {
  const pass = createFairGate(options)
  const running = held()
  const served: string[] = []
  const bring = (address: string, person = address) =>
    outcome(pass(at(address, person), async () => void served.push(address)))
  const first = pass(at('attacker'), () => running.promise)
  const flood = Array.from({ length: 40 }, (_, n) => bring('attacker', `account ${n % 10}`))
  const honest = ['b', 'c', 'd', 'e'].map((address) => bring(address))
  running.resolve()
  expect(await Promise.all(honest)).toEqual(['done', 'done', 'done', 'done'])
  await first
  const outcomes = await Promise.all(flood)
  expect(outcomes.filter((one) => one === 'done')).toHaveLength(6)
  expect(outcomes.filter((one) => one === 'unavailable')).toHaveLength(34)
  // Each of the others has waited for one task of the attacker, no more.
  expect(served.slice(0, 5).toSorted()).toEqual(['attacker', 'b', 'c', 'd', 'e'])
})

it('X14 one person has a share of an address', async () => {
  const pass = createFairGate(options)
  const running = held()
  const first = pass(at('office', 'x'), () => running.promise)
  const mine = Array.from({ length: 5 }, () => outcome(pass(at('office', 'eve'), async () => {})))
  const other = outcome(pass(at('office', 'ann'), async () => {}))
  running.resolve()
  expect(await Promise.all(mine)).toEqual(['done', 'done', 'done', 'unavailable', 'unavailable'])
  expect(await other).toBe('done')
  await first
})

it('X14 where too much waits the one with most gives way to a newcomer', async () => {
  const pass = createFairGate({ ...options, waiting: 4 })
  const running = held()
  const first = pass(at('x'), () => running.promise)
  const many = Array.from({ length: 4 }, (_, n) => outcome(pass(at('attacker', `${n}`), async () => {})))
  const newcomer = outcome(pass(at('ann'), async () => {}))
  running.resolve()
  expect(await newcomer).toBe('done')
  expect(await Promise.all(many)).toEqual(['done', 'done', 'done', 'unavailable'])
  await first
})

it('X13 nobody waits longer than is said, and the place of a failed task is handed on', async () => {
  const pass = createFairGate({ ...options, waitMs: 30 })
  const running = held()
  const first = outcome(pass(at('a'), () => running.promise))
  expect(await outcome(pass(at('b'), async () => {}))).toBe('unavailable')
  running.reject(new Error('broken'))
  expect(await first).toBe('failed')
  expect(await outcome(pass(at('b'), async () => {}))).toBe('done')
})
