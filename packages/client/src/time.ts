/** Calls `act` once after `ms`; returns the function that takes it back. */
export function later(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}

/** As `later`, for a timer that should not keep a Node process alive. */
export function laterIfAlive(ms: number, act: () => void): () => void {
  const timer: unknown = setTimeout(act, ms)
  if (hasUnref(timer)) timer.unref()
  return () => clearTimeout(timer as number)
}

const hasUnref = (timer: unknown): timer is { unref(): void } =>
  typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function'

/** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = later(ms, done)
    signal?.addEventListener('abort', done)
  })

export interface Backoff {
  baseMs: number
  maxMs: number
}

/**
 * How long to wait before attempt `attempt` (1 is the first): exponential with full jitter. So clients that were cut together do not come
 * back together ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export const backoffMs = (attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number =>
  random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 16))

/** Less than this is how the two clocks wander apart by themselves. */
const leastJumpMs = 1_000

/**
 * A clock that only goes forward, also while the computer sleeps, when the monotonic clock of many browsers stands still: what the
 * wall clock jumps ahead counts as time that has passed. Setting the wall clock back changes nothing.
 */
export function createSleeplessClock(wall = () => Date.now(), monotonic = () => performance.now()): () => number {
  let sleptMs = 0
  let last = { wall: wall(), monotonic: monotonic() }
  return () => {
    const now = { wall: wall(), monotonic: monotonic() }
    const jumpMs = now.wall - last.wall - (now.monotonic - last.monotonic)
    if (jumpMs > leastJumpMs) sleptMs += jumpMs
    last = now
    return now.monotonic + sleptMs
  }
}
