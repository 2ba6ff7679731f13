import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { aGuest, anAccount, createMeeting } from '../support/accounts.ts'
import { Fuzzer } from './fuzzer.ts'
import { createRateLimit } from './gate.ts'
import { Judge } from './judge.ts'
import { memoryOf, type Memory } from './live-memory.ts'
import { SharedMeeting, type SessionState, type Seating } from './place.ts'
import { randomOf } from './random.ts'
import type { Testimony, WitnessOptions } from './witness.ts'

export interface FuzzOptions {
  messages: number
  seed: number
  /** Clients at one time. */
  clients: number
  gateway: string
  node: { pid: number }
  /** The output of the product. */
  output(): string
  /** Called every 100,000 messages. */
  onProgress?(sent: number): void
}

export interface FuzzReport {
  messages: number
  seconds: number
  judge: Judge
  others: Testimony
  /** Of the node: when everybody was in and a tenth was sent, and with all sent. */
  memory: { warm: Memory; end: Memory }
}

const perRoom = 6
/** Of each client: below the limit for messages (20/s) and signals (50/s), as a third of what is made are signals. */
const perClientAndSecond = 28
const tickMs = 20
const enterWithinMs = 60_000
/** All clients have one address. Other limits hold: there are tests of them. */
export const fuzzedEnv = { RATE_LIMIT_UPGRADES: '100000' }
/** The real limit of REST holds: 1,200 calls a minute of one address. */
const gates = { sockets: createRateLimit(100, 500), rest: createRateLimit(10, 500) }

/** Most are in rooms; some wait, are only signed in, or not even that. */
const placeOf = (n: number): SessionState =>
  n % 40 === 13 ? 'connected' : n % 10 === 5 ? 'authenticated' : n % 10 === 7 ? 'waiting' : 'joined'

/** Fuzzes until so many messages were sent, with two others in a meeting of their own who are measured. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const judge = new Judge()
  const witness = await startWitness(options.gateway)
  const fuzzers = await startFuzzers(options, judge)
  const from = performance.now()
  const { sent, memory } = await pump(options, fuzzers)
  const seconds = (performance.now() - from) / 1_000
  const others = await witness.stop()
  const end = await memoryOf(options.node.pid, options.output)
  await Promise.all(fuzzers.map((fuzzer) => fuzzer.stop()))
  return { messages: sent, seconds, judge, others, memory: { warm: memory, end } }
}

async function startFuzzers(options: FuzzOptions, judge: Judge): Promise<Fuzzer[]> {
  const { gateway, clients, seed } = options
  const host = await anAccount(gateway, 'Host')
  const waitingRoom = new SharedMeeting(() => createMeeting(gateway, host, { settings: { waitingRoom: true } }))
  const rooms = Array.from(
    { length: Math.ceil(clients / perRoom) },
    () => new SharedMeeting(() => createMeeting(gateway, host)),
  )
  const seat = async (n: number): Promise<Seating> => {
    const place = placeOf(n)
    await gates.rest()
    return {
      place,
      // The first of each room is its host, so that moderation is tried by those who may.
      who: n % perRoom === 0 ? host : await aGuest(gateway, `Guest ${n}`),
      gateway,
      meeting: place === 'waiting' ? waitingRoom : (rooms[Math.floor(n / perRoom)] ?? waitingRoom),
      mayOpen: gates.sockets,
      mayCall: gates.rest,
      judge,
    }
  }
  const seatings = await Promise.all(Array.from({ length: clients }, (_, n) => seat(n)))
  const fuzzers = seatings.map((seating, n) => new Fuzzer(seating, randomOf(seed * 100_003 + n)))
  const until = Date.now() + enterWithinMs
  while (Date.now() < until && fuzzers.filter(({ ready }) => ready).length < clients * 0.9) await sleep(50)
  return fuzzers
}

/** Sends at an even rate; what cannot be sent because answers are awaited is not made up for. */
async function pump(options: FuzzOptions, fuzzers: readonly Fuzzer[]): Promise<{ sent: number; memory: Memory }> {
  const { messages, clients, node, output, onProgress } = options
  const perTick = (clients * perClientAndSecond * tickMs) / 1_000
  let memory: Memory | null = null
  let [sent, due, at] = [0, 0, 0]
  while (sent < messages) {
    due = Math.min(due + perTick, messages - sent)
    for (let tries = 0; due >= 1 && tries < fuzzers.length; tries++) {
      if (!fuzzers[at++ % fuzzers.length]?.send()) continue
      sent += 1
      due -= 1
      if (sent % 100_000 === 0) onProgress?.(sent)
    }
    if (sent >= messages / 10) memory ??= await memoryOf(node.pid, output)
    await sleep(tickMs)
  }
  return { sent, memory: memory ?? (await memoryOf(node.pid, output)) }
}

async function startWitness(gateway: string) {
  const people = [await anAccount(gateway, 'Ada'), await anAccount(gateway, 'Ben')] as const
  const meeting = await createMeeting(gateway, people[0])
  const workerData: WitnessOptions = { gateway, people, meeting }
  const worker = new Worker(new URL('witness.ts', import.meta.url), { workerData })
  const messages = next(worker)
  await messages()
  return {
    async stop(): Promise<Testimony> {
      worker.postMessage('stop')
      return (await messages()) as Testimony
    },
  }
}

/** The messages of a thread, one by one; rejects when it failed. */
function next(worker: Worker): () => Promise<unknown> {
  return () =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
}
