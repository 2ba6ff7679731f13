import { Redis, type RedisOptions } from 'ioredis'
import type { SentinelUrl } from './redis-url.ts'

/** How long until the next attempt: from 100 ms to a second. */
export const retryDelay = (attempt: number): number =>
  Math.min(1000, 100 * 2 ** Math.min(attempt - 1, 4)) + Math.random() * 100

/** By default the client queues for 15 s while Redis is down, and hangs on a frozen one. It also runs commands in flight twice. */
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

/** How a process shows Redis who it is, unless the URL has it. The password of Sentinels themselves is in the URL. */
export interface RedisLogin {
  user?: string | undefined
  password?: string | undefined
  /** Certificates, PEM, that Redis and its Sentinels are checked with; TLS, whatever the URL says. */
  ca?: string | undefined
}

/** A client of the Redis that a URL names, or of the master that its Sentinels name. The login in the URL goes before `login`. */
export function createRedisClient(url: string, sentinel: SentinelUrl | null, login: RedisLogin = {}): Redis {
  const { user, password, ca } = login
  const beside = { ...(user !== undefined && { username: user }), ...(password !== undefined && { password }) }
  if (sentinel === null) return new Redis(url, { ...redisOptions, ...beside, ...(ca !== undefined && { tls: { ca } }) })
  const { secure: _, ...at } = sentinel
  const tls = sentinelTls(sentinel, ca)
  const secured = tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }
  return new Redis({ ...redisOptions, ...sentinelOptions, ...beside, ...at, ...secured })
}

/** How Sentinels, and the servers that they name, are reached over TLS; undefined: without. */
export function sentinelTls({ secure }: SentinelUrl, ca: string | undefined): { ca?: string } | undefined {
  if (ca !== undefined) return { ca }
  return secure ? {} : undefined
}
