import { wire } from '@parley/contracts'
import { ProblemError } from '@parley/kit'

/** Somebody who is sent signals. */
interface Receiver {
  readonly keepsUp: boolean
}

interface Level {
  bytes: number
  at: number
}

/** Takes what ran out since `at` off a level that rises with what is sent. */
const leak = ({ bytes, at }: Level, now: number, perSecond: number): number =>
  Math.max(0, bytes - ((now - at) / 1_000) * perSecond)

const mostSenders = 20_000
/** While a receiver does not keep up, one sender may put this much in its way. */
const toSlow = { perSecond: 8 * 1_024, burst: 32 * 1_024 }
const tryAgainMs = 1_000

/**
 * The sender pays for what it sends, not the receiver (X3). A person has so many bytes a second on this node, over all sockets; and
 * towards a receiver whose connection does not keep up, each sender has a small share. Beyond that the sender is refused.
 */
export class SenderBytes {
  readonly #levels = new Map<string, Level>()
  readonly #toReceivers = new WeakMap<Receiver, Map<string, Level>>()

  /** 0 if the person may send that much now, otherwise in how many ms. `now` is monotonic, ms. */
  take(userId: string, length: number, now: number): number {
    const { perSecond, burst } = wire.bytes
    const known = this.#levels.get(userId)
    const bytes = known === undefined ? 0 : leak(known, now, perSecond)
    if (bytes + length > burst) return Math.ceil(((bytes + length - burst) / perSecond) * 1_000)
    this.#levels.delete(userId)
    this.#levels.set(userId, { bytes: bytes + length, at: now })
    if (this.#levels.size > mostSenders) this.#forgetOldest()
    return 0
  }

  /** Whether a signal may go to a receiver here. One that keeps up takes everything. */
  reaches(receiver: Receiver, from: string, length: number, now: number): boolean {
    if (receiver.keepsUp) {
      this.#toReceivers.delete(receiver)
      return true
    }
    const senders = this.#toReceivers.get(receiver) ?? new Map<string, Level>()
    this.#toReceivers.set(receiver, senders)
    const known = senders.get(from)
    const bytes = (known === undefined ? 0 : leak(known, now, toSlow.perSecond)) + length
    if (bytes > toSlow.burst && known !== undefined) return false
    senders.set(from, { bytes, at: now })
    return true
  }

  /** @throws ProblemError `rate-limited` */
  checkReaches(receiver: Receiver, from: string, length: number, now: number): void {
    if (this.reaches(receiver, from, length, now)) return
    throw new ProblemError('rate-limited', 'The connection of that participant does not keep up; send less', {
      retryAfterMs: tryAgainMs,
    })
  }

  /** The one that has sent nothing for longest. */
  #forgetOldest(): void {
    for (const userId of this.#levels.keys()) {
      this.#levels.delete(userId)
      return
    }
  }
}
