import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Limiter, LimiterOptions } from './kv.ts'
import { createLocalLimiter } from './limiter-local.ts'
import type { RedisLink } from './redis-link.ts'

/** How long limits are counted locally after a failure, so that a frozen Redis does not cost 300 ms per request. */
const localForMs = 1000

/** Makes limiters that count in Redis, and in this process while Redis is away; they share what they know of it. */
export function redisLimiters(link: RedisLink, keyOf: (name: string) => string): (options: LimiterOptions) => Limiter {
  let localUntil = 0

  return (options) => {
    const { name, points, seconds } = options
    const shared = new RateLimiterRedis({ storeClient: link.client, keyPrefix: keyOf(name), points, duration: seconds })
    const local = createLocalLimiter(options)
    return {
      async take(key, cost = 1) {
        if (!link.status.connected || link.full || performance.now() < localUntil) return local.take(key, cost)
        try {
          const { remainingPoints } = await shared.consume(key, cost)
          return { allowed: true, remaining: remainingPoints, retryAfterMs: 0 }
        } catch (error) {
          if (error instanceof RateLimiterRes)
            return { allowed: false, remaining: Math.max(0, error.remainingPoints), retryAfterMs: error.msBeforeNext }
          link.failed(error)
          localUntil = performance.now() + localForMs
          return local.take(key, cost)
        }
      },
    }
  }
}
