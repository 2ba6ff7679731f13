import type { Limiter, LimiterOptions } from './kv.ts'

/** Keys one limiter remembers; a flood of new ones pushes out those whose window ends first. */
const maxKeys = 50_000

/** A counter per fixed window, of this process only. */
export function createLocalLimiter({ points, seconds }: LimiterOptions): Limiter {
  // In the order their windows end, as all last equally long.
  const windows = new Map<string, { used: number; until: number }>()

  const open = (key: string, now: number) => {
    windows.delete(key)
    const [oldest] = windows.keys()
    if (windows.size >= maxKeys && oldest !== undefined) windows.delete(oldest)
    const window = { used: 0, until: now + seconds * 1000 }
    windows.set(key, window)
    return window
  }

  return {
    async take(key, cost = 1) {
      const now = performance.now()
      const known = windows.get(key)
      const window = known && known.until > now ? known : open(key, now)
      window.used += cost
      const allowed = window.used <= points
      return {
        allowed,
        remaining: Math.max(0, points - window.used),
        retryAfterMs: allowed ? 0 : Math.ceil(window.until - now),
      }
    },
  }
}
