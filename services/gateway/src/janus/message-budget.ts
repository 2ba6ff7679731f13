const perSecond = 60
/** A call of fifty begins with their candidates. */
const burst = 600

/** How many messages one client may still send to Janus: a token bucket by the monotonic clock. */
export class MessageBudget {
  #left = burst
  #at: number | null = null

  /** False: too many. */
  take(now: number): boolean {
    this.#left = Math.min(burst, this.#left + ((now - (this.#at ?? now)) / 1_000) * perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
