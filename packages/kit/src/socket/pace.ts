/** The longest that a broadcast waits for the next one, ms; a timer of Node is up to 1 ms late. */
export const windowMs = 19
const longestGapMs = 200
/** How much the newest gap counts: about the last ten decide. */
const weight = 0.2

/**
 * How long the broadcasts of a room wait for each other: not at all while it is quiet; up to 20 ms while, on average, another follows
 * within that time. So two or more share a write (lessons.md 13).
 */
export class Pace {
  #lastAt = 0
  #meanGapMs = longestGapMs

  /** A broadcast at `now` (ms): how long it may wait. */
  next(now: number): number {
    const gap = Math.min(longestGapMs, Math.max(0, now - this.#lastAt))
    this.#lastAt = now
    this.#meanGapMs += (gap - this.#meanGapMs) * weight
    return this.#meanGapMs < windowMs ? windowMs : 0
  }
}
