import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Metrics } from '../metrics.ts'
import type { Limiter, LimiterOptions } from './kv.ts'
import { createLocalLimiter } from './limiter-local.ts'
import type { RedisLink } from './redis-link.ts'

/** How long limits are counted locally after a failure. So a frozen Redis does not cost 300 ms per request. */
const localForMs = 1000

/** Makes limiters that count in Redis, and in this process while Redis is away; they share what they know of it. */
export function redisLimiters(
  link: RedisLink,
  keyOf: (name: string) => string,
  metrics?: Pick<Metrics, 'counter'>,
): (options: LimiterOptions) => Limiter {
  let localUntil = 0
  const refused = metrics?.counter('parley_limit_refusals_total', 'Refusals of a shared limit, by its name', ['limit'])

  return (options) => {
    const { name, points, seconds } = options
    const shared = new RateLimiterRedis({ storeClient: link.client, keyPrefix: keyOf(name), points, duration: seconds })
    const local = createLocalLimiter(options)
    const counted: Limiter = {
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
    return {
      async take(key, cost) {
        const taken = await counted.take(key, cost)
        if (!taken.allowed) refused?.inc({ limit: name })
        return taken
      },
    }
  }
}
