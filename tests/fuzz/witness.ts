import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Account } from '../support/accounts.ts'
import { takeSeat } from '../support/protocol-socket.ts'

/**
 * Two well-behaved people in a meeting of their own, in a thread of their own: one sends a signal every 25 ms. Its time to the other shows
 * what the others feel of the fuzzing.
 */
export interface WitnessOptions {
  gateway: string
  people: readonly [Account, Account]
  meeting: { code: string }
}
export interface Testimony {
  sent: number
  arrived: number
  p50: number
  p99: number
  max: number
  closed: boolean
}

const everyMs = 25
const { gateway, people, meeting } = workerData as WitnessOptions
const [a, b] = [await takeSeat(gateway, people[0], meeting), await takeSeat(gateway, people[1], meeting)]
const sentAt: number[] = []
let over = false
parentPort?.once('message', () => (over = true))
parentPort?.postMessage('ready')
while (!over && a.socket.closed === null) {
  sentAt.push(performance.now())
  a.socket.tell('rtc.signal', { to: b.id, data: sentAt.length - 1 })
  await sleep(everyMs)
}
await sleep(1_000)
const took = b.socket.all
  .filter(({ type }) => type === 'rtc.signal')
  .map(({ at, payload }) => at - (sentAt[payload['data'] as number] ?? 0))
  .toSorted((x, y) => x - y)
const at = (share: number): number => took[Math.floor(took.length * share)] ?? 0
const testimony: Testimony = {
  sent: sentAt.length,
  arrived: took.length,
  p50: at(0.5),
  p99: at(0.99),
  max: took.at(-1) ?? 0,
  closed: a.socket.closed !== null || b.socket.closed !== null,
}
a.socket.drop()
b.socket.drop()
parentPort?.postMessage(testimony)
