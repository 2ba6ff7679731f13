import { setTimeout as sleep } from 'node:timers/promises'
import type { Relay, RelayPlace, signalingBus } from '@parley/contracts'
import { within, type Clock, type Logger } from '@parley/kit'
import type { Static } from 'typebox'

interface Options {
  clock: Clock
  log: Logger
  /** Whether the bus is up. */
  connected: () => boolean
  /** Asks the node that sent them for the relays after a number, see `signalingBus.relayAgain`. */
  ask: (node: string, after: number) => Promise<Static<typeof signalingBus.relayAgain.output>>
  deliver: (relay: Relay) => void
  /** Some relays of that node will not come any more. */
  lost: (node: string) => void
}

/** The stream from one other node. */
interface Stream {
  /** Up to here all is delivered, or lost. */
  done: number
  /** The highest number heard of. */
  head: number
  /** The relays that came after a gap, by number. */
  held: Map<number, Relay>
  heldBytes: number
  mending: Promise<void> | null
}

/** So long at most what came after a gap waits for what is missing. */
const patienceMs = 500
const pauseMs = 50
const maxHeld = 1_000
const maxHeldBytes = 1_024 * 1_024
/** A node is a process: those that are gone never come back. */
const maxStreams = 1_000

/**
 * Delivers what other nodes send to this one in their order and once. A missing number is asked for; later relays
 * of that node wait for it, half a second with the bus up at most: then it is lost.
 */
export class IncomingRelays {
  readonly #options: Options
  readonly #streams = new Map<string, Stream>()

  constructor(options: Options) {
    this.#options = options
  }

  /** How many relays wait for missing ones. */
  get held(): number {
    let sum = 0
    for (const { held } of this.#streams.values()) sum += held.size
    return sum
  }

  /** A relay has come. One without a place, of an older release, is delivered as it comes. */
  take(relay: Relay): void {
    if (!relay.place) return this.#deliver(relay)
    const { node, n } = relay.place
    const stream = this.#streamFrom(node)
    this.#accept(stream, relay, n)
    this.#mend(node, stream)
  }

  /** A node tells the number of its newest. */
  hear({ node, n }: RelayPlace): void {
    const stream = this.#streamFrom(node)
    stream.head = Math.max(stream.head, n)
    this.#mend(node, stream)
  }

  /** The bus is back: what was sent meanwhile may have been lost with it. */
  busIsBack(): void {
    for (const [node, stream] of this.#streams) this.#mend(node, stream, 'whether or not')
  }

  #mend(node: string, stream: Stream, when?: 'whether or not'): void {
    if (stream.done >= stream.head && !when) return
    stream.mending ??= this.#fill(node, stream).finally(() => (stream.mending = null))
  }

  /** Asks until nothing is missing or the patience is over. Never rejects. */
  async #fill(node: string, stream: Stream): Promise<void> {
    const { clock, connected } = this.#options
    const until = clock.monotonic() + patienceMs
    do {
      const { done } = stream
      await this.#askOnce(node, stream, until)
      // A relay that is on its way may be faster than another question.
      if (stream.done === done) await sleep(Math.max(0, Math.min(pauseMs, until - clock.monotonic())))
      // Nothing comes meanwhile that would have to wait; it is asked again when the bus is back.
      if (!connected()) return
    } while (stream.done < stream.head && clock.monotonic() < until && !isFull(stream))
    this.#skipTo(node, stream, stream.head + 1)
  }

  async #askOnce(node: string, stream: Stream, until: number): Promise<void> {
    const { ask, clock, log } = this.#options
    try {
      const leftMs = Math.max(1, until - clock.monotonic())
      const { relays, first, head } = await within(ask(node, stream.done), leftMs)
      stream.head = Math.max(stream.head, head)
      if (first > stream.done + 1) this.#skipTo(node, stream, first)
      for (const relay of relays) this.#accept(stream, relay, relay.place?.n ?? 0)
    } catch (err) {
      log.debug({ err, node }, 'missing relays could not be asked for')
    }
  }

  /** Delivers what is next, and keeps what came early; what is here already is left. */
  #accept(stream: Stream, relay: Relay, n: number): void {
    stream.head = Math.max(stream.head, n)
    if (n <= stream.done) return
    if (n > stream.done + 1) return hold(stream, relay, n)
    stream.done = n
    this.#deliver(relay)
    this.#deliverHeld(stream)
  }

  /** Everything before `first` is gone for good, unless it came meanwhile. */
  #skipTo(node: string, stream: Stream, first: number): void {
    let missing = 0
    this.#deliverHeld(stream)
    while (stream.done + 1 < first) {
      stream.done += 1
      missing += 1
      this.#deliverHeld(stream)
    }
    if (missing === 0) return
    this.#options.log.warn({ node, missing }, 'relays of another node are lost')
    this.#options.lost(node)
  }

  #deliverHeld(stream: Stream): void {
    for (let next = stream.held.get(stream.done + 1); next; next = stream.held.get(stream.done + 1)) {
      stream.done += 1
      stream.held.delete(stream.done)
      stream.heldBytes -= bytesOf(next)
      this.#deliver(next)
    }
  }

  /** One that cannot be delivered does not keep the others. */
  #deliver(relay: Relay): void {
    try {
      this.#options.deliver(relay)
    } catch (err) {
      this.#options.log.error({ err, meetingId: relay.meetingId }, 'a relay could not be delivered')
    }
  }

  #streamFrom(node: string): Stream {
    const stream = this.#streams.get(node) ?? { done: 0, head: 0, held: new Map(), heldBytes: 0, mending: null }
    this.#streams.delete(node)
    this.#streams.set(node, stream)
    const [oldest] = this.#streams.keys()
    if (this.#streams.size > maxStreams && oldest !== undefined) this.#streams.delete(oldest)
    return stream
  }
}

/** A relay that does not fit is missing like one that never came. */
function hold(stream: Stream, relay: Relay, n: number): void {
  if (stream.held.has(n) || isFull(stream)) return
  stream.held.set(n, relay)
  stream.heldBytes += bytesOf(relay)
}

const isFull = ({ held, heldBytes }: Stream): boolean => held.size >= maxHeld || heldBytes >= maxHeldBytes
const bytesOf = (relay: Relay): number => JSON.stringify(relay).length
