import { createLru } from '../tokens/lru.ts'
import type { CallStamp } from './call.ts'

interface Options {
  /** The id of this process: its clock needs no comparison. */
  self: string
  /** Asks a caller for its monotonic clock, ms. Rejects when it does not answer in time. */
  ask: (caller: string, timeoutMs: number) => Promise<number>
  /** This process's monotonic clock, ms. */
  now?: () => number
}

/** The least difference between two clocks, of this window and of the one before. */
interface Offset {
  since: number
  least: number
  leastBefore: number
}

/** Two clocks drift apart by 0.5 ms a second at most: 60 ms in two windows. */
const windowMs = 60_000
const mostCallers = 1_000
/** An answer that took longer tells too little about the clock to be remembered. */
const exactMs = 50

/**
 * Translates the deadlines of callers, given by their monotonic clocks, to the clock of this process. The wall clocks of two
 * machines cannot be compared. What can: own time of receipt − the caller's time of sending is the difference of both
 * monotonic clocks plus the way. Its minimum over the last one to two minutes is the difference, as far as anybody can know;
 * a request is late when it exceeds that by more than its timeout, wherever it was delayed: in a frozen process, a full
 * socket or a queue.
 *
 * A caller without a minimum is asked for its clock before its request is taken: the answer was read after the question was sent. So it
 * bounds the difference from below, and nothing late passes. A caller that does not answer within the
 * timeout of its request does not wait for it any more.
 *
 * A machine whose own monotonic clock stands still (suspended, not frozen) is out of reach of this.
 */
export class CallerClocks {
  readonly #options: Options
  readonly #now: () => number
  readonly #offsets = createLru<Offset>(mostCallers)
  readonly #asking = new Map<string, Promise<number>>()

  constructor(options: Options) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** When the caller stops waiting, by the clock of this process; at once where its clock is known. Never rejects. */
  deadlineOf(stamp: CallStamp | null): number | Promise<number> {
    if (stamp === null) return Infinity
    const { caller, sentAt, timeoutMs } = stamp
    if (caller === this.#options.self) return sentAt + timeoutMs
    const now = this.#now()
    const known = this.#leastOf(caller, now)
    if (known === null) return this.#askFor(stamp)
    const least = Math.min(known, now - sentAt)
    const deadline = sentAt + least + timeoutMs
    // One that is late says nothing about the clocks.
    if (now <= deadline) this.#note(caller, now - sentAt)
    return deadline
  }

  async #askFor({ caller, sentAt, timeoutMs }: CallStamp): Promise<number> {
    try {
      return sentAt + (await this.#askOnce(caller, timeoutMs)) + timeoutMs
    } catch {
      // Its caller is gone, or has stopped waiting.
      return -Infinity
    }
  }

  /** All requests that come meanwhile share the answer: it is as true for them. */
  #askOnce(caller: string, timeoutMs: number): Promise<number> {
    const asking = this.#asking.get(caller) ?? this.#compare(caller, timeoutMs)
    this.#asking.set(caller, asking)
    return asking
  }

  async #compare(caller: string, timeoutMs: number): Promise<number> {
    const askedAt = this.#now()
    try {
      const atMost = askedAt - (await this.#options.ask(caller, timeoutMs))
      if (this.#now() - askedAt <= exactMs) this.#note(caller, atMost)
      return atMost
    } finally {
      this.#asking.delete(caller)
    }
  }

  #leastOf(caller: string, now: number): number | null {
    const offset = this.#offsets.get(caller)
    if (!offset) return null
    const windows = Math.floor((now - offset.since) / windowMs)
    if (windows > 0) {
      offset.leastBefore = windows === 1 ? offset.least : Infinity
      offset.least = Infinity
      offset.since += windows * windowMs
    }
    const least = Math.min(offset.least, offset.leastBefore)
    return least === Infinity ? null : least
  }

  #note(caller: string, difference: number): void {
    const offset = this.#offsets.get(caller)
    if (offset) offset.least = Math.min(offset.least, difference)
    else this.#offsets.set(caller, { since: this.#now(), least: difference, leastBefore: Infinity })
  }
}
