import { createRedisClient, type RedisLogin } from '../kv/redis-options.ts'
import { readSentinelUrl } from '../kv/redis-url.ts'

export interface RedisFacts {
  version: string
  cluster: boolean
  role: string
  /** `maxmemory-policy`. */
  policy: string
  /** Bytes; 0: as much as there is. */
  maxMemory: number
}

const timeoutMs = 5000

/** Asks a Redis, or the master that its Sentinels name. Rejects with what the server or the network said. */
export async function probeRedis({ url, login }: { url: string; login?: RedisLogin | undefined }): Promise<RedisFacts> {
  const client = createRedisClient(url, readSentinelUrl(url), login)
  let last: unknown = new Error(`no answer within ${timeoutMs / 1000} s`)
  client.on('error', (error: unknown) => (last = error))
  try {
    const ready = new Promise<void>((resolve, reject) => {
      client.once('ready', resolve)
      client.once('error', reject)
      setTimeout(() => reject(last instanceof Error ? last : new Error(String(last))), timeoutMs).unref()
    })
    await ready
    const info = await client.info()
    const field = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
    return {
      version: field('redis_version'),
      cluster: field('cluster_enabled') === '1',
      role: field('role'),
      policy: field('maxmemory_policy') || 'noeviction',
      maxMemory: Number(field('maxmemory') || 0),
    }
  } finally {
    client.disconnect()
  }
}
