import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import type { FactConsumer, FactStream } from './kv.ts'

interface Fact {
  id: string
  text: string
}
interface Group {
  /** The number of the next fact that nobody of the group has had. */
  next: number
  /** Batches whose handler failed. */
  failed: Fact[][]
}
type Consume = Parameters<FactStream['consume']>[0]

const batchSize = 64
const maxKept = 50_000
const firstBackoffMs = 100
const maxBackoffMs = 5000

/** Facts of one process. Facts that its handlers have not finished are lost with it, as are the rooms it told of. */
export class MemoryFacts implements FactStream {
  readonly #log: Logger | undefined
  /** Makes ids unlike those of an earlier run, which a consumer's database may remember. */
  readonly #run = randomUUID()
  readonly #groups = new Map<string, Group>()
  readonly #consumers = new Set<Consumer>()
  #kept: Fact[] = []
  #dropped = 0

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  async append(fact: string): Promise<void> {
    this.push([fact])
  }

  push(texts: readonly string[]): void {
    for (const text of texts) this.#kept.push({ id: `${this.#run}-${this.#dropped + this.#kept.length}`, text })
    if (this.#kept.length > maxKept * 2) {
      this.#dropped += maxKept
      this.#kept = this.#kept.slice(maxKept)
    }
    if (texts.length > 0) for (const consumer of this.#consumers) consumer.wake()
  }

  /** Forgets what nobody has taken yet. */
  clear(): void {
    this.#dropped += this.#kept.length
    this.#kept = []
  }

  consume(options: Consume): FactConsumer {
    const group = this.#groups.get(options.group) ?? { next: 0, failed: [] }
    this.#groups.set(options.group, group)
    const giveBack = (batch: Fact[]) => void group.failed.push(batch)
    const consumer = new Consumer({ take: () => this.#take(group), giveBack, handle: options.handle, log: this.#log })
    this.#consumers.add(consumer)
    return { stop: () => this.#stop(consumer) }
  }

  close(): void {
    for (const consumer of this.#consumers) void consumer.stop()
  }

  /** Facts that it gave back are for the others. */
  async #stop(consumer: Consumer): Promise<void> {
    await consumer.stop()
    this.#consumers.delete(consumer)
    for (const other of this.#consumers) other.wake()
  }

  #take(group: Group): Fact[] {
    const failed = group.failed.shift()
    if (failed) return failed
    const from = Math.max(0, group.next - this.#dropped)
    const batch = this.#kept.slice(from, from + batchSize)
    group.next = this.#dropped + from + batch.length
    return batch
  }
}

interface Work {
  take: () => Fact[]
  giveBack: (batch: Fact[]) => void
  handle: Consume['handle']
  log: Logger | undefined
}

class Consumer implements FactConsumer {
  readonly #work: Work
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #wake = () => {}

  constructor(work: Work) {
    this.#work = work
    this.#done = this.#run()
  }

  wake(): void {
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#done
  }

  async #run(): Promise<void> {
    let backoffMs = firstBackoffMs
    await new Promise(setImmediate)
    while (!this.#stopping.signal.aborted) {
      const batch = this.#work.take()
      if (batch.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
      else if (await this.#handled(batch)) backoffMs = firstBackoffMs
      else {
        await sleep(backoffMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {})
        backoffMs = Math.min(maxBackoffMs, backoffMs * 2)
      }
    }
  }

  async #handled(batch: Fact[]): Promise<boolean> {
    try {
      await this.#work.handle(batch.map((fact) => ({ ...fact })))
      return true
    } catch (error) {
      this.#work.log?.error({ err: error, facts: batch.length }, 'facts could not be handled, will try again')
      this.#work.giveBack(batch)
      return false
    }
  }
}
