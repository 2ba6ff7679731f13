const keepMs = 15_000
const maxKept = 64

/**
 * The requests whose effect has reached somebody lately. A sender that lost its answer with a node asks again on another node. That one
 * does not know that it was done: the receiver's side does. Times are monotonic, in ms.
 */
export class RecentRequests {
  /** The oldest first, each with the time until which it is kept. */
  readonly #until = new Map<string, number>()

  /** False: it has been here before. */
  add(key: string, now: number): boolean {
    this.forget(now)
    if (this.#until.has(key)) return false
    this.#until.set(key, now + keepMs)
    const [oldest] = this.#until.keys()
    if (this.#until.size > maxKept && oldest !== undefined) this.#until.delete(oldest)
    return true
  }

  /** Lets go of what is too old. */
  forget(now: number): void {
    for (const [key, until] of this.#until) {
      if (until > now) return
      this.#until.delete(key)
    }
  }
}
