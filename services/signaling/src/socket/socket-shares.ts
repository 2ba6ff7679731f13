import { ProblemError } from '@parley/kit'

/** When somebody may come again who has as many sockets as one person may have. */
const retryAfterMs = 5_000

/** How many sockets of this node are whose: one person has a share only, whatever room is left. */
export class SocketShares {
  readonly #max: number
  readonly #countOf = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** @throws ProblemError `rate-limited` when this person has their share */
  checkOrThrow(userId: string): void {
    if ((this.#countOf.get(userId) ?? 0) < this.#max) return
    throw new ProblemError('rate-limited', `At most ${this.#max} sockets at a time`, { retryAfterMs })
  }

  take(userId: string): void {
    this.#countOf.set(userId, (this.#countOf.get(userId) ?? 0) + 1)
  }

  giveBack(userId: string): void {
    const left = (this.#countOf.get(userId) ?? 1) - 1
    if (left > 0) this.#countOf.set(userId, left)
    else this.#countOf.delete(userId)
  }
}
