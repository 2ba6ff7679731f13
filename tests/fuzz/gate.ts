import { setTimeout as sleep } from 'node:timers/promises'

/** Lets through so many per second, in the order of asking, and `burst` of them at once. */
export function createRateLimit(perSecond: number, burst = 1): () => Promise<void> {
  const each = 1_000 / perSecond
  let next = 0
  return async () => {
    const now = performance.now()
    next = Math.max(next, now - each * (burst - 1))
    const wait = next - now
    next += each
    if (wait > 0) await sleep(wait)
  }
}
