import type { Redis } from 'ioredis'
import { defaultNamespace } from '../bus/namespace.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { checkTtl } from './checks.ts'
import type { DistinctLimiter } from './distinct.ts'
import { redisDistinct } from './distinct-redis.ts'
import { RedisDocuments } from './documents-redis.ts'
import { RedisFacts } from './facts-redis.ts'
import { RedisIncarnation } from './incarnation-redis.ts'
import { IncarnationWatch } from './incarnation-watch.ts'
import type { Incarnation, Kv, Limiter, LimiterOptions } from './kv.ts'
import { redisLimiters } from './limiter-redis.ts'
import { RedisKeys } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import type { RedisLogin } from './redis-options.ts'
import { RedisSetup } from './redis-setup.ts'
import { aliveScript, announceScript, expiredScript } from './set-scripts.ts'

export interface RedisKvOptions {
  url: string
  login?: RedisLogin | undefined
  log: Logger
  /** Shows how much waits. */
  metrics?: Pick<Metrics, 'queue' | 'histogram' | 'counter' | 'reading'>
  /** Before every key, with a colon, so that several installations can share a server; default `parley`. */
  namespace?: string | undefined
  /** After how long another consumer gets a fact that was not acknowledged; default 10 s. */
  claimAfterMs?: number
}

/**
 * Connects, waiting for Redis as long as it takes; reconnects for ever. Throws StartupError if it is a Redis Cluster.
 */
export async function connectRedisKv(options: RedisKvOptions): Promise<Kv> {
  const { url, login, log, namespace = defaultNamespace } = options
  const keys = new RedisKeys(`${namespace}:`)
  const watch = new IncarnationWatch(log)
  const incarnation = new RedisIncarnation(keys.incarnation, watch)
  const setup = new RedisSetup(log)
  const greet = async (client: Redis): Promise<void> => {
    await setup.check(client)
    await incarnation.read(client)
  }
  const link = new RedisLink({ url, login, log, greet, metrics: options.metrics })
  options.metrics?.queue('redis-commands', () => link.waiting)
  try {
    await link.ready()
  } catch (error) {
    link.close()
    throw error
  }
  return new RedisKv({ link, keys, watch, incarnation, setup }, options)
}

interface RedisKvComponents {
  link: RedisLink
  keys: RedisKeys
  watch: IncarnationWatch
  incarnation: RedisIncarnation
  setup: RedisSetup
}

/** How many members go into one command: it takes Redis well under a millisecond, so that others get their turn. */
const announcedAtOnce = 1000

class RedisKv implements Kv {
  readonly docs: RedisDocuments
  readonly facts: RedisFacts
  readonly limiter: (options: LimiterOptions) => Limiter
  readonly distinct: (options: LimiterOptions) => DistinctLimiter
  readonly #parts: RedisKvComponents
  readonly #link: RedisLink
  readonly #keys: RedisKeys

  constructor(parts: RedisKvComponents, { log, metrics, claimAfterMs = 10_000 }: RedisKvOptions) {
    const { link, keys } = parts
    this.#parts = parts
    this.#link = link
    this.#keys = keys
    this.docs = new RedisDocuments({ ...parts, metrics })
    this.facts = new RedisFacts({ link, keys, log, metrics, claimAfterMs })
    this.limiter = redisLimiters(link, keys.limit, metrics)
    this.distinct = redisDistinct(link, keys.limit)
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

  /** One command after the other, so that many members do not fill the queue of the connection. */
  async announce(key: string, members: string | readonly string[], ttlMs: number): Promise<void> {
    checkTtl(ttlMs)
    const all = [members].flat()
    for (let from = 0; from < all.length; from += announcedAtOnce)
      await this.#link.eval(announceScript, [this.#keys.set(key)], [ttlMs, ...all.slice(from, from + announcedAtOnce)])
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

  incarnation(): Promise<Incarnation> {
    return this.#link.run((client) => this.#parts.incarnation.read(client))
  }

  onIncarnation(listener: (incarnation: Incarnation) => void): () => void {
    return this.#parts.watch.listen(listener)
  }

  faults(): readonly string[] {
    return this.#parts.setup.faults
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
