import { setTimeout as sleep } from 'node:timers/promises'
import type WebSocket from 'ws'
import { cpuMicros } from './proc.ts'
import { profiled, type Profiling } from './profile.ts'
import { micros, millis, quantile, row } from './report.ts'

export interface Load {
  perRoomPerSecond: number
  seconds: number
}

/** A server with people in its rooms. */
export interface Side {
  name: string
  /** The processes whose CPU is measured, together. */
  pids: readonly number[]
  /** The kind of each process; their shares are printed. */
  names?: readonly string[]
  rooms: readonly (readonly WebSocket[])[]
  /** Sends a message to a room from one of its sockets. */
  send(socket: WebSocket): void
  /** Whether a received frame is one of the broadcasts that are counted. */
  counts(data: Buffer): boolean
  /** How many of a room's sockets receive each message; without it, all. */
  audience?: number
  /** How many of a room's sockets send, the first ones; without it, all. */
  senders?: number
  /** The steps after all is measured. */
  stop(): void
}

export interface LoadResult {
  /** The number that would arrive if nothing was refused, and no node that caught up merged some into a delta. */
  expected: number
  deliveries: number
  /** Of all the processes together, per delivery. */
  cpuMicros: number
  /** The share of each process. */
  shares: readonly number[]
  /** From the send to the arrival at one socket of the room, ms. */
  p50: number
  p99: number
  /** How long it was measured. */
  measuredSeconds: number
}

const rounds = 3
const settleMs = 300
const warmUpSeconds = 5
const arriveWithinMs = 3_000

/**
 * Puts the same load on each side in turn, several times over. So other work of the machine meets all of them. Prints a
 * line for each; the results are in the order of the sides.
 */
export async function compare(
  sides: readonly Side[],
  load: Load & { profiling?: Profiling | undefined; profile?: Side },
): Promise<LoadResult[]> {
  const meters = sides.map((side) => new Meter(side))
  // Work left by the joins, and code that is not compiled yet, is nobody's cost.
  for (const meter of meters) await meter.run({ ...load, seconds: warmUpSeconds })
  for (const meter of meters) meter.reset()
  for (let round = 0; round < rounds; round++) {
    for (const meter of meters) {
      const profiling = round === 0 && meter.side === load.profile ? load.profiling : undefined
      await profiled(profiling, meter.side.pids, () => meter.run({ ...load, seconds: load.seconds / rounds }))
    }
  }
  const results = meters.map((meter) => meter.result())
  for (const [index, result] of results.entries()) {
    const { name, names = [] } = sides[index] ?? { name: '' }
    row(name, told(result))
    if (names.length > 0) row('', names.map((one, n) => `${one} ${micros(result.shares[n] ?? 0)}`).join(', '))
  }
  for (const side of sides) side.stop()
  return results
}

function told({ cpuMicros: cost, deliveries, expected, p50, p99 }: LoadResult): string {
  const each = `${micros(cost)} CPU per delivery`
  if (deliveries === expected) return `${each}, ${deliveries} deliveries, p50 ${millis(p50)}, p99 ${millis(p99)}`
  // Which message a delay belongs to is not known then.
  return `${each}, ${deliveries} of ${expected} deliveries`
}

/** Loads one side and sums up what arrives and what it cost. */
class Meter {
  readonly side: Side
  /** When the messages of each room that have not arrived yet were sent. */
  readonly #asked: number[][]
  #sent = 0
  #deliveries = 0
  #delays: number[] = []
  #micros: number[] = []
  #ms = 0

  constructor(side: Side) {
    this.side = side
    this.#asked = side.rooms.map((room) => this.#watch(room))
  }

  reset(): void {
    this.#sent = 0
    this.#deliveries = 0
    this.#delays = []
    this.#micros = []
    this.#ms = 0
  }

  async run(load: Load): Promise<void> {
    const begun = performance.now()
    const before = this.side.pids.map((pid) => cpuMicros([pid]))
    await this.#sendAll(load)
    const until = performance.now() + arriveWithinMs
    while (this.#deliveries < this.#sent && performance.now() < until) await sleep(20)
    await sleep(settleMs)
    this.#micros = this.side.pids.map((pid, n) => (this.#micros[n] ?? 0) + cpuMicros([pid]) - (before[n] ?? 0))
    this.#ms += performance.now() - begun
  }

  result(): LoadResult {
    return {
      expected: this.#sent,
      deliveries: this.#deliveries,
      cpuMicros: this.#micros.reduce((sum, one) => sum + one, 0) / this.#deliveries,
      shares: this.#micros.map((one) => one / this.#deliveries),
      p50: quantile(this.#delays, 0.5),
      p99: quantile(this.#delays, 0.99),
      measuredSeconds: this.#ms / 1_000,
    }
  }

  /** Counts what a room's sockets receive; the last one tells how long it took. */
  #watch(room: readonly WebSocket[]): number[] {
    const asked: number[] = []
    const probe = room.at(-1)
    for (const socket of room) {
      socket.on('message', (data: Buffer) => {
        if (!this.side.counts(data)) return
        this.#deliveries += 1
        const at = socket === probe ? asked.shift() : undefined
        if (at !== undefined) this.#delays.push(performance.now() - at)
      })
    }
    return asked
  }

  /** At a steady rate into every room, one room after the other, one person after the other. */
  async #sendAll({ perRoomPerSecond, seconds }: Load): Promise<void> {
    const { rooms, send, senders, audience } = this.side
    const total = Math.round(seconds * perRoomPerSecond * rooms.length)
    const everyMs = 1_000 / (perRoomPerSecond * rooms.length)
    const begun = performance.now()
    for (let n = 0; n < total; n++) {
      const late = performance.now() - (begun + n * everyMs)
      if (late < 0) await sleep(-late)
      const room = rooms[n % rooms.length] ?? []
      const socket = room[Math.floor(n / rooms.length) % (senders ?? room.length)]
      if (socket === undefined) continue
      this.#asked[n % rooms.length]?.push(performance.now())
      this.#sent += audience ?? room.length
      send(socket)
    }
  }
}
