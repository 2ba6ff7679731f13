import { wire } from '@parley/contracts'
import { expect, test } from 'vitest'
import { localError, localProblem, ParleyError } from '../../problem.ts'
import { SignalQueue } from './signal-queue.ts'
import { SocketLost, type Socket } from '../../socket.ts'
import { eventually } from '../../testing/eventually.ts'

type Sent = { data: unknown; requestId: string; settle: (error?: unknown) => void }

/** A socket that remembers what it was to send, and answers when told. */
function socketOf() {
  const sent: Sent[] = []
  const request = (_: string, { data }: { data: unknown }, requestId: string) =>
    new Promise<void>((resolve, reject) => {
      sent.push({ data, requestId, settle: (error) => (error === undefined ? resolve() : reject(error as Error)) })
    })
  return { sent, socket: { request } as unknown as Socket }
}

function queueOf(socket: () => Socket | null) {
  const failed: string[] = []
  const reports: unknown[] = []
  const queue = new SignalQueue({ socket, failed: (to) => failed.push(to), report: (error) => reports.push(error) })
  return { queue, failed, reports }
}
const lost = () => new SocketLost({ code: 1006, reason: '', opened: true }, false)

test('R2 unanswered requests are sent again on the next socket, in order, under the same ids', async () => {
  const [first, second] = [socketOf(), socketOf()]
  let current: Socket | null = null
  const { queue, failed } = queueOf(() => current)
  queue.push('b', 0)
  current = first.socket
  for (const n of [1, 2, 3]) queue.push('b', n)
  expect(first.sent.map(({ data }) => data)).toEqual([0, 1, 2, 3])
  first.sent[0]?.settle()
  first.sent[2]?.settle()
  await Promise.resolve()
  current = null
  queue.push('b', 4)
  first.sent[1]?.settle(lost())
  first.sent[3]?.settle(lost())
  current = second.socket
  queue.pump()
  expect(second.sent.map(({ data }) => data)).toEqual([1, 3, 4])
  expect(second.sent[0]?.requestId).toBe(first.sent[1]?.requestId)
  expect(failed).toEqual([])
})

test('R2 a signal to a peer that has left is dropped; any other refusal is an error', async () => {
  const { sent, socket } = socketOf()
  const { queue, failed, reports } = queueOf(() => socket)
  queue.push('b', 1)
  queue.push('c', 2)
  sent[0]?.settle(new ParleyError({ ...localProblem('not-found', 'gone'), code: 'peer-not-found' }))
  sent[1]?.settle(localError('unavailable', 'not now'))
  await eventually(() => failed.length)
  expect(failed).toEqual(['c'])
  expect(reports.length).toBe(1)
})

test('R10 it stays below the server’s limits, and holds a bounded number', async () => {
  const { sent, socket } = socketOf()
  let current: Socket | null = socket
  const { queue, failed } = queueOf(() => current)
  for (let n = 0; n < 300; n++) queue.push('b', n)
  expect(sent.length).toBeLessThan(wire.signal.burst)
  await eventually(() => sent.length > 160)
  expect(sent.map(({ data }) => data)).toEqual(sent.map((_, n) => n))
  current = null
  for (let n = 0; n < 2_000; n++) queue.push('b', n)
  expect(failed.length).toBe(300)
  queue.clear()
})
