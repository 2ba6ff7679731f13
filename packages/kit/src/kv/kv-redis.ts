import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { checkTtl } from './checks.ts'
import { RedisDocs } from './docs-redis.ts'
import { RedisFacts } from './facts-redis.ts'
import type { Kv, Limiter, LimiterOptions } from './kv.ts'
import { redisLimiters } from './limiter-redis.ts'
import { RedisKeys } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import { aliveScript, announceScript, expiredScript } from './scripts.ts'

export interface RedisKvOptions {
  url: string
  log: Logger
  /** Shows how much waits. */
  metrics?: Pick<Metrics, 'queue'>
  /** Before every key; default `parley:`. */
  prefix?: string
  /** After how long another consumer gets a fact that was not acknowledged; default 10 s. */
  claimAfterMs?: number
}

/** Connects, waiting for Redis as long as it takes; reconnects for ever. */
export async function connectRedisKv(options: RedisKvOptions): Promise<Kv> {
  const link = new RedisLink(options.url, options.log)
  options.metrics?.queue('redis-commands', () => link.waiting)
  await link.ready()
  return new RedisKv(link, options)
}

class RedisKv implements Kv {
  readonly docs: RedisDocs
  readonly facts: RedisFacts
  readonly limiter: (options: LimiterOptions) => Limiter
  readonly #link: RedisLink
  readonly #keys: RedisKeys

  constructor(link: RedisLink, { log, prefix = 'parley:', claimAfterMs = 10_000 }: RedisKvOptions) {
    const keys = new RedisKeys(prefix)
    this.#link = link
    this.#keys = keys
    this.docs = new RedisDocs(link, keys)
    this.facts = new RedisFacts({ link, keys, log, claimAfterMs })
    this.limiter = redisLimiters(link, keys.limit)
  }

  get(key: string): Promise<string | null> {
    return this.#link.run((client) => client.get(this.#keys.value(key)))
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    checkTtl(ttlMs)
    await this.#link.run((client) => client.set(this.#keys.value(key), value, 'PX', ttlMs))
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    checkTtl(ttlMs)
    return (await this.#link.run((client) => client.set(this.#keys.value(key), value, 'PX', ttlMs, 'NX'))) === 'OK'
  }

  take(key: string): Promise<string | null> {
    return this.#link.run((client) => client.getdel(this.#keys.value(key)))
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#link.run((client) => client.del(this.#keys.value(key)))) === 1
  }

  async announce(key: string, member: string, ttlMs: number): Promise<void> {
    checkTtl(ttlMs)
    await this.#link.eval(announceScript, [this.#keys.set(key)], [member, ttlMs])
  }

  async withdraw(key: string, member: string): Promise<void> {
    await this.#link.run((client) => client.zrem(this.#keys.set(key), member))
  }

  async alive(key: string): Promise<string[]> {
    return (await this.#link.eval(aliveScript, [this.#keys.set(key)], [])) as string[]
  }

  async expired(key: string): Promise<string[]> {
    return (await this.#link.eval(expiredScript, [this.#keys.set(key)], [])) as string[]
  }

  connected(): boolean {
    return this.#link.status.connected
  }

  onStatus(listener: (connected: boolean) => void): () => void {
    return this.#link.status.onChange(listener)
  }

  async close(): Promise<void> {
    this.facts.close()
    this.#link.close()
  }
}
