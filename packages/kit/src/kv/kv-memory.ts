import { randomUUID } from 'node:crypto'
import { LinkStatus } from '../link-status.ts'
import type { Logger } from '../logger.ts'
import { checkTtl } from './checks.ts'
import { createLocalDistinct, type DistinctLimiter } from './distinct.ts'
import { MemoryDocuments } from './documents-memory.ts'
import { MemoryFacts } from './facts-memory.ts'
import { IncarnationWatch } from './incarnation-watch.ts'
import type { Incarnation, Kv, Limiter, LimiterOptions } from './kv.ts'
import { createLocalLimiter } from './limiter-local.ts'
import { TtlMap } from './ttl-map.ts'

/** The key-value store within one process. Nothing of it outlives the process. */
export const createMemoryKv = (options: { log?: Logger } = {}): MemoryKv => new MemoryKv(options.log)

class MemoryKv implements Kv {
  readonly docs: MemoryDocuments
  readonly facts: MemoryFacts
  readonly #values = new TtlMap<string>()
  readonly #sets = new Map<string, Map<string, number>>()
  readonly #limiters = new Map<string, Limiter>()
  readonly #distincts = new Map<string, DistinctLimiter>()
  readonly #status = new LinkStatus(true)
  readonly #watch: IncarnationWatch
  // Nothing can have been lost before this process began: its first life counts as long settled.
  #life = { ...newLife(), since: performance.now() - hourMs }

  constructor(log: Logger | undefined) {
    this.#watch = new IncarnationWatch(log)
    this.#watch.seen(this.#incarnation())
    this.facts = new MemoryFacts(log)
    this.docs = new MemoryDocuments({
      append: (facts) => this.facts.push(facts),
      incarnation: () => this.#incarnation(),
    })
  }

  async incarnation(): Promise<Incarnation> {
    return this.#incarnation()
  }

  onIncarnation(listener: (incarnation: Incarnation) => void): () => void {
    return this.#watch.listen(listener)
  }

  #incarnation(): Incarnation {
    return { id: this.#life.id, ageMs: Math.floor(performance.now() - this.#life.since), now: Date.now() }
  }

  /** Loses everything and begins a new incarnation, as a Redis does that is started anew without its data. For tests. */
  forget(): void {
    this.#values.clear()
    this.#sets.clear()
    this.docs.clear()
    this.facts.clear()
    this.#life = newLife()
    this.#watch.seen(this.#incarnation())
  }

  async get(key: string): Promise<string | null> {
    return this.#values.get(key) ?? null
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    checkTtl(ttlMs)
    this.#values.set(key, value, ttlMs)
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    checkTtl(ttlMs)
    if (this.#values.get(key) !== undefined) return false
    this.#values.set(key, value, ttlMs)
    return true
  }

  async take(key: string): Promise<string | null> {
    const value = this.#values.get(key) ?? null
    this.#values.delete(key)
    return value
  }

  async delete(key: string): Promise<boolean> {
    return this.#values.delete(key)
  }

  async announce(key: string, members: string | readonly string[], ttlMs: number): Promise<void> {
    checkTtl(ttlMs)
    const known = this.#sets.get(key) ?? new Map<string, number>()
    for (const member of [members].flat()) known.set(member, performance.now() + ttlMs)
    if (known.size > 0) this.#sets.set(key, known)
  }

  async withdraw(key: string, member: string): Promise<void> {
    const members = this.#sets.get(key)
    members?.delete(member)
    if (members?.size === 0) this.#sets.delete(key)
  }

  async alive(key: string): Promise<string[]> {
    const now = performance.now()
    return this.#members(key, (until) => until > now)
  }

  async expired(key: string): Promise<string[]> {
    const now = performance.now()
    return this.#members(key, (until) => until <= now)
  }

  limiter(options: LimiterOptions): Limiter {
    const known = this.#limiters.get(options.name)
    if (known) return known
    const made = createLocalLimiter(options)
    this.#limiters.set(options.name, made)
    return made
  }

  distinct(options: LimiterOptions): DistinctLimiter {
    const known = this.#distincts.get(options.name)
    if (known) return known
    const made = createLocalDistinct(options)
    this.#distincts.set(options.name, made)
    return made
  }

  faults(): readonly string[] {
    return []
  }

  connected(): boolean {
    return this.#status.connected
  }

  onStatus(listener: (connected: boolean) => void): () => void {
    return this.#status.onChange(listener)
  }

  async close(): Promise<void> {
    this.#status.set(false)
    this.facts.close()
    this.docs.close()
    this.#values.close()
  }

  #members(key: string, wanted: (until: number) => boolean): string[] {
    return [...(this.#sets.get(key) ?? [])].filter(([, until]) => wanted(until)).map(([member]) => member)
  }
}

const hourMs = 3_600_000
const newLife = () => ({ id: randomUUID(), since: performance.now() })
