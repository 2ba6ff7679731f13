import { signalingBus, type Relay } from '@parley/contracts'
import { publish, type Bus, type Clock } from '@parley/kit'
import type { Static } from 'typebox'

interface Options {
  node: string
  bus: Bus
  clock: Clock
}

/** The stream to one other node. */
interface Stream {
  /** The number of the newest. */
  head: number
  /** The newest, in order, without a gap. */
  kept: { relay: Relay; bytes: number; until: number }[]
  bytes: number
  /** When the other node is told the newest number, and how long after that once more. By the monotonic clock. */
  headAt: number
  headEveryMs: number
}

const keepMs = 5_000
const maxKept = 1_000
const maxKeptBytes = 1_024 * 1_024
/** Half of what a message of the bus may have. */
const maxAgainBytes = 256 * 1_024
const firstHeadMs = 1_000
/** After a silence of this the newest number is not told any more. */
const lastHeadMs = 64_000
/** A node is a process: those that are gone never come back. */
const maxStreams = 1_000

type Again = Static<typeof signalingBus.relayAgain.output>

/**
 * Numbers the relays to each other node. Keeps the newest for as long as the bus may have lost them unnoticed:
 * 5 s with the bus up, 1,000 relays or 1 MiB. A node that misses some asks for them again. The newest number shows that the last were lost.
 * It is told 1 s after them, then ever more seldom for two minutes. When the bus is back it is told at once.
 */
export class OutgoingRelays {
  readonly #options: Options
  readonly #streams = new Map<string, Stream>()

  constructor(options: Options) {
    this.#options = options
  }

  /** How many relays are kept for the node that most are kept for. */
  get kept(): number {
    return Math.max(0, ...[...this.#streams.values()].map(({ kept }) => kept.length))
  }

  /** Sends `relay` to the node `to`. While the bus is down it is only kept, and asked for once the bus is back. */
  pass(to: string, relay: Relay): void {
    const { bus, clock, node } = this.#options
    const now = clock.monotonic()
    const stream = this.#streamTo(to)
    stream.head += 1
    const placed = { ...relay, place: { node, n: stream.head } }
    const text = JSON.stringify(placed)
    stream.kept.push({ relay: placed, bytes: text.length, until: now + keepMs })
    stream.bytes += text.length
    stream.headAt = now + firstHeadMs
    stream.headEveryMs = firstHeadMs
    while (stream.kept.length > maxKept || stream.bytes > maxKeptBytes) drop(stream)
    bus.publish(signalingBus.relay.subject.replace('{node}', to), text)
  }

  /** Lets go of what is too old and tells newest numbers; called on a timer. While the bus is down no time passes. */
  tick(): void {
    const { bus, clock } = this.#options
    if (!bus.connected()) return
    const now = clock.monotonic()
    for (const [to, stream] of this.#streams) {
      for (let [oldest] = stream.kept; oldest && oldest.until <= now; [oldest] = stream.kept) drop(stream)
      if (now < stream.headAt || stream.headEveryMs > lastHeadMs) continue
      this.#tellHead(to, stream)
      stream.headEveryMs *= 2
      stream.headAt = now + stream.headEveryMs
    }
  }

  /** The bus is back: what was sent last may have been lost with it. */
  busIsBack(): void {
    const now = this.#options.clock.monotonic()
    for (const [to, stream] of this.#streams) {
      for (const entry of stream.kept) entry.until = now + keepMs
      if (stream.headEveryMs <= lastHeadMs) this.#tellHead(to, stream)
      stream.headEveryMs = firstHeadMs
      stream.headAt = now + firstHeadMs
    }
  }

  /** The messages that the node `to` missed after a number, as many as fit into one answer. */
  again(to: string, after: number): Again {
    const { head, kept } = this.#streams.get(to) ?? { head: 0, kept: [] }
    const first = head - kept.length + 1
    const relays: Relay[] = []
    let bytes = 0
    for (const entry of kept.slice(Math.max(0, after - first + 1))) {
      bytes += entry.bytes
      if (bytes > maxAgainBytes && relays.length > 0) break
      relays.push(entry.relay)
    }
    return { relays, first, head }
  }

  #tellHead(to: string, { head }: Stream): void {
    const { bus, node } = this.#options
    publish(bus, signalingBus.relayHead, { node: to }, { node, n: head })
  }

  #streamTo(to: string): Stream {
    const stream = this.#streams.get(to) ?? { head: 0, kept: [], bytes: 0, headAt: 0, headEveryMs: firstHeadMs }
    this.#streams.delete(to)
    this.#streams.set(to, stream)
    const [oldest] = this.#streams.keys()
    if (this.#streams.size > maxStreams && oldest !== undefined) this.#streams.delete(oldest)
    return stream
  }
}

function drop(stream: Stream): void {
  stream.bytes -= stream.kept.shift()?.bytes ?? 0
}
