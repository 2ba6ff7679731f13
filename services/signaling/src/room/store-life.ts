import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Incarnation, Kv } from '@parley/kit'

/**
 * How long after the store lost data, or may have, rooms are being put back: nodes look at the incarnation every second, and at once
 * when they reconnect. Until then a room that is not there is not known not to be.
 */
const settleMs = 2_000

/** Looks at the store's time of which the best counts: each is late by its answer's way here, and clocks drift apart slowly. */
const looks = 16

/** Which life of the room store this is, as far as this node knows, and the store's time: one clock for all nodes. */
export class StoreLife {
  readonly #deps: { kv: Pick<Kv, 'incarnation'>; clock: Clock }
  #seen: { id: string; ageMs: number; at: number } | null = null
  /** By how much the store's time is ahead of the monotonic clock, as seen lately. */
  #ahead: number[] = []

  constructor(deps: { kv: Pick<Kv, 'incarnation'>; clock: Clock }) {
    this.#deps = deps
  }

  /** Takes what the store has said of itself just now. */
  note({ id, ageMs, now }: Incarnation): void {
    const at = this.#deps.clock.monotonic()
    const before = this.#seen?.id === id ? this.#ahead : []
    this.#ahead = [...before, now - at].slice(-looks)
    this.#seen = { id, ageMs, at }
  }

  /** The store's time, ms since 1970; by this machine's clock before it was first asked. */
  now(): number {
    const { clock } = this.#deps
    return this.#seen === null ? clock.now() : Math.round(clock.monotonic() + Math.max(...this.#ahead))
  }

  /** A clock for all that is told to or compared with others: it goes right on a machine whose own is set wrong. */
  get clock(): Clock {
    return { now: () => this.now(), monotonic: () => this.#deps.clock.monotonic() }
  }

  /** Whether all nodes have had the time to put back what the store has lost. */
  get isSettled(): boolean {
    return this.settlesInMs === 0
  }

  get settlesInMs(): number {
    if (this.#seen === null) return settleMs
    return Math.max(0, Math.ceil(settleMs - this.#seen.ageMs - this.#deps.clock.monotonic() + this.#seen.at))
  }

  /** Resolves once it is settled, within `settleMs` unless the store is lost again, or after `atMostMs`. Rejects with `unavailable`. */
  async settled(atMostMs = Infinity): Promise<void> {
    const { clock, kv } = this.#deps
    if (this.#seen === null) this.note(await kv.incarnation())
    const until = clock.monotonic() + atMostMs
    const leftMs = () => Math.ceil(Math.min(this.settlesInMs, until - clock.monotonic()))
    while (leftMs() > 0) await sleep(leftMs())
  }

  /** The present incarnation; the store is asked when a document is of another than the one known here. */
  async current(seen: string | Incarnation): Promise<string> {
    if (typeof seen !== 'string') this.note(seen)
    else if (this.#seen?.id !== seen) this.note(await this.#deps.kv.incarnation())
    return this.#seen?.id ?? ''
  }
}
