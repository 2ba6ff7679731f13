import type { RedisOptions } from 'ioredis'

/** The client's defaults queue for 15 s while Redis is down, hang on a frozen one, and run commands in flight twice. */
export const redisOptions: RedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 300,
  connectTimeout: 1000,
  disconnectTimeout: 200,
  autoResendUnfulfilledCommands: false,
  keepAlive: 5000,
  retryStrategy: (attempt) => Math.min(1000, 100 * 2 ** Math.min(attempt - 1, 4)) + Math.random() * 100,
  // After a failover the old master is a replica.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
}
