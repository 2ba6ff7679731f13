import { createLocalDistinct, type DistinctLimiter, type DistinctVerdict } from './distinct.ts'
import type { LimiterOptions } from './kv.ts'
import { clock, script } from './lua.ts'
import type { RedisLink } from './redis-link.ts'

/** KEYS set. Leaves `count` and `wait`: how many values there are, and until the oldest is forgotten, ms. */
const count = `${clock}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local count = redis.call('ZCARD', KEYS[1])
local wait = 0
if count >= tonumber(ARGV[1]) then wait = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] - now end
`
/** KEYS set. ARGV points, ms, value. The set ends with its last value. */
const addScript = script(`${count}
if wait > 0 then return {0, count, wait} end
if redis.call('ZADD', KEYS[1], 'NX', now + ARGV[2], ARGV[3]) == 1 then
  count = count + 1
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {1, count, 0}
`)
/** KEYS set. ARGV points. */
const lookScript = script(`${count}
return {wait > 0 and 0 or 1, count, wait, unpack(redis.call('ZRANGE', KEYS[1], 0, 999))}
`)

/** How long is counted locally after a failure, so that a frozen Redis does not cost 300 ms per request. */
const localForMs = 1000

/** Makes limiters that count in Redis, and in this process while Redis is away. */
export function redisDistinct(
  link: RedisLink,
  keyOf: (name: string) => string,
): (options: LimiterOptions) => DistinctLimiter {
  let localUntil = 0
  return (options) => {
    const { name, points, seconds } = options
    const local = createLocalDistinct(options)
    const keys = (key: string) => [`${keyOf(name)}:${key}`]
    const either = async <T>(shared: () => Promise<T>, locally: () => Promise<T>): Promise<T> => {
      if (!link.status.connected || link.full || performance.now() < localUntil) return locally()
      try {
        return await shared()
      } catch (error) {
        link.failed(error)
        localUntil = performance.now() + localForMs
        return locally()
      }
    }
    return {
      add: (key, value, more = 0) =>
        either(
          async () => {
            const verdict = verdictOf(await link.eval(addScript, keys(key), [points + more, seconds * 1000, value]))
            // Here too: a store that goes away does not let anybody begin anew.
            if (verdict.allowed) await local.add(key, value, more)
            return verdict
          },
          () => local.add(key, value, more),
        ),
      look: (key, more = 0) =>
        either(
          async () => {
            const [allowed, known, wait, ...values] = (await link.eval(lookScript, keys(key), [
              points + more,
            ])) as RawVerdict
            return { ...verdictOf([allowed, known, wait]), values }
          },
          () => local.look(key, more),
        ),
      async remove(key, values) {
        if (values.length === 0) return
        // Where it was counted is not known any more.
        await local.remove(key, values)
        await either(
          async () => void (await link.run((client) => client.zrem(keys(key)[0] ?? '', ...values))),
          async () => {},
        )
      },
    }
  }
}

type RawVerdict = [number, number, number, ...string[]]

function verdictOf(told: unknown): DistinctVerdict {
  const [allowed, known, wait] = told as [number, number, number]
  return { allowed: allowed === 1, count: known, retryAfterMs: Math.ceil(wait) }
}
