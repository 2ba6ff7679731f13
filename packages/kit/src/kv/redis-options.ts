import { Redis, type RedisOptions } from 'ioredis'
import type { SentinelUrl } from './redis-url.ts'

/** How long until the next attempt: from 100 ms to a second. */
export const retryDelay = (attempt: number): number =>
  Math.min(1000, 100 * 2 ** Math.min(attempt - 1, 4)) + Math.random() * 100

/** The client's defaults queue for 15 s while Redis is down, hang on a frozen one, and run commands in flight twice. */
const redisOptions: RedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 300,
  connectTimeout: 1000,
  disconnectTimeout: 200,
  autoResendUnfulfilledCommands: false,
  keepAlive: 5000,
  retryStrategy: retryDelay,
  // After a failover the old master is a replica.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
}

/** With Sentinel: its defaults wait for ever on one that is frozen. */
const sentinelOptions: RedisOptions = { sentinelCommandTimeout: 500, sentinelRetryStrategy: retryDelay }

/** A client of the Redis that a URL names, or of the master that its Sentinels name. `ca` is what a rediss:// server is checked with. */
export function createRedisClient(url: string, sentinel: SentinelUrl | null, ca?: string): Redis {
  if (sentinel === null) return new Redis(url, { ...redisOptions, ...(ca !== undefined && { tls: { ca } }) })
  return new Redis({ ...redisOptions, ...sentinelOptions, ...sentinel })
}
