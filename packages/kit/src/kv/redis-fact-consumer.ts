import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { ProblemError } from '../problem.ts'
import { batchSize, type Batch, type FactReader } from './fact-reader.ts'
import type { FactConsumer, FactStream } from './kv.ts'
import { shardCount } from './shards.ts'

interface Options {
  reader: FactReader
  handle: Parameters<FactStream['consume']>[0]['handle']
  log: Logger
  claimAfterMs: number
}
/** A batch whose handler failed. Until it succeeds no later facts of its shard are read, so their order holds. */
interface Held {
  batch: Batch
  /** By the monotonic clock. */
  retryAt: number
  backoffMs: number
}

const pollMs = 100
const trimEveryMs = 1000
const firstBackoffMs = 100
const maxBackoffMs = 5000
const shards = Array.from({ length: shardCount }, (_, shard) => shard)

/** Polls, because a blocking read would need a connection of its own and hide a frozen Redis. */
export class RedisFactConsumer implements FactConsumer {
  readonly #options: Options
  readonly #held = new Map<number, Held>()
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #claimAt = 0
  #trimAt = 0
  /** The shards that are trimmed next. */
  #untrimmed: number[] = []
  /** The facts that were read and are not handled yet. */
  #reading: readonly Batch[] = []
  #failing = false

  constructor(options: Options) {
    this.#options = options
    this.#done = this.#run()
  }

  /** How old the oldest fact is that is being handled, or could not be; by Redis's clock when it was appended, ms. */
  get lagMs(): number {
    const held = [...this.#held.values()].map(({ batch }) => batch)
    const oldest = [...held, ...this.#reading].map(({ facts }) => appendedAt(facts[0]?.id))
    return oldest.length === 0 ? 0 : Math.max(0, systemClock.now() - Math.min(...oldest))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const more = await this.#round()
      if (!more) await sleep(pollMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** True if there is probably more to read at once. */
  async #round(): Promise<boolean> {
    try {
      const due = [...this.#held.values()].filter(({ retryAt }) => retryAt <= performance.now())
      for (const { batch } of due) await this.#handle(batch)
      await this.#claim()
      const batches = await this.#options.reader.readNew(this.#free())
      this.#reading = batches.filter(({ facts }) => facts.length > 0)
      for (const batch of batches) await this.#handle(batch)
      this.#reading = []
      await this.#trim()
      this.#failing = false
      return batches.some(({ entries }) => entries.length === batchSize)
    } catch (error) {
      if (!this.#failing && !this.#stopping.signal.aborted) this.#logFailure(error)
      this.#failing = true
      return false
    }
  }

  async #claim(): Promise<void> {
    if (performance.now() < this.#claimAt) return
    this.#claimAt = performance.now() + this.#options.claimAfterMs / 3
    const claimed = await Promise.all(this.#free().map((shard) => this.#options.reader.claim(shard)))
    for (const batch of claimed) if (batch.entries.length > 0) await this.#handle(batch)
  }

  /** One shard a round, so that reading goes on meanwhile. */
  async #trim(): Promise<void> {
    if (this.#untrimmed.length === 0 && performance.now() >= this.#trimAt) {
      this.#untrimmed = [...shards]
      this.#trimAt = performance.now() + trimEveryMs
    }
    const shard = this.#untrimmed[0]
    if (shard === undefined) return
    if (!(await this.#options.reader.trim(shard))) this.#untrimmed.shift()
  }

  async #handle(batch: Batch): Promise<void> {
    const { handle, reader, log } = this.#options
    try {
      if (batch.facts.length > 0) await handle(batch.facts)
    } catch (error) {
      log.error({ err: error, facts: batch.facts.length }, 'facts could not be handled, will try again')
      const backoffMs = Math.min(maxBackoffMs, (this.#held.get(batch.shard)?.backoffMs ?? firstBackoffMs / 2) * 2)
      this.#held.set(batch.shard, { batch, backoffMs, retryAt: performance.now() + backoffMs })
      return
    }
    this.#held.delete(batch.shard)
    await reader.acknowledge(batch)
  }

  #free(): number[] {
    return shards.filter((shard) => !this.#held.has(shard))
  }

  #logFailure(error: unknown): void {
    const { log } = this.#options
    if (error instanceof ProblemError) log.warn('facts cannot be read, Redis is not available')
    else log.error({ err: error }, 'facts cannot be read')
  }
}

/** Ids of facts are `shard-ms-number`: the time is Redis's own. */
const appendedAt = (id: string | undefined): number => Number(id?.split('-')[1] ?? Infinity)
