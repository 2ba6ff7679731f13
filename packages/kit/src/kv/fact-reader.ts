import { trimmedAtOnce, trimScript } from './fact-scripts.ts'
import { isReply } from './lua.ts'
import type { RedisLink } from './redis-link.ts'

interface Options {
  link: RedisLink
  /** By shard. */
  streams: readonly string[]
  group: string
  consumer: string
  claimAfterMs: number
}

/** Facts of one shard, in order, given to this consumer. */
export interface Batch {
  shard: number
  /** As Redis numbers them, for the acknowledgement. */
  entries: string[]
  facts: { id: string; text: string }[]
}

type StreamEntry = [id: string, pairs: string[] | null]

export const batchSize = 64

/** Reads and acknowledges facts as one consumer of a group. Every call may reject; nothing is lost by calling again. */
export class FactReader {
  readonly #options: Options
  readonly #cursors = new Map<number, string>()
  #grouped = false

  constructor(options: Options) {
    this.#options = options
  }

  /** New facts of the shards, at most 64 of each; does not wait for any. */
  async readNew(shards: readonly number[]): Promise<Batch[]> {
    const { link, streams, group, consumer } = this.#options
    if (shards.length === 0) return []
    const names = shards.map((shard) => streams[shard] ?? '')
    const args = ['GROUP', group, consumer, 'COUNT', batchSize, 'STREAMS', ...names, ...names.map(() => '>')]
    const answer = await this.#withGroups(() => link.run((client) => client.call('XREADGROUP', ...args)))
    const found = (answer ?? []) as [stream: string, entries: StreamEntry[]][]
    return found.map(([stream, entries]) => toBatch(streams.indexOf(stream), entries))
  }

  /** Facts of a shard that some consumer took and did not acknowledge for a while. */
  async claim(shard: number): Promise<Batch> {
    const { link, streams, group, consumer, claimAfterMs } = this.#options
    const from = this.#cursors.get(shard) ?? '0-0'
    const args = [streams[shard] ?? '', group, consumer, claimAfterMs, from, 'COUNT', batchSize]
    const answer = await this.#withGroups(() => link.run((client) => client.call('XAUTOCLAIM', ...args)))
    const [next, entries] = answer as [string, (StreamEntry | null)[]]
    this.#cursors.set(shard, next)
    return toBatch(
      shard,
      entries.filter((entry) => entry !== null),
    )
  }

  async acknowledge({ shard, entries }: Batch): Promise<void> {
    const { link, streams, group } = this.#options
    await link.run((client) => client.xack(streams[shard] ?? '', group, ...entries))
  }

  /** Removes old facts of a shard that all groups have acknowledged; true if there are probably more. */
  async trim(shard: number): Promise<boolean> {
    const { link, streams } = this.#options
    return (await link.eval(trimScript, [streams[shard] ?? ''], [])) === trimmedAtOnce
  }

  /** The groups are gone when Redis came back empty: then what was appended since is read from its start. */
  async #withGroups<T>(read: () => Promise<T>): Promise<T> {
    if (!this.#grouped) await this.#createGroups()
    try {
      return await read()
    } catch (error) {
      if (!isReply(error, /^NOGROUP/)) throw error
      await this.#createGroups()
      return await read()
    }
  }

  async #createGroups(): Promise<void> {
    const { link, streams, group } = this.#options
    const create = (stream: string) =>
      link
        .run((client) => client.xgroup('CREATE', stream, group, '0', 'MKSTREAM'))
        .catch((error: unknown) => (isReply(error, /^BUSYGROUP/) ? undefined : Promise.reject(error)))
    await Promise.all(streams.map(create))
    this.#grouped = true
  }
}

/** An entry without a text was trimmed meanwhile; it is acknowledged with the others. */
function toBatch(shard: number, entries: readonly StreamEntry[]): Batch {
  const texts = entries.flatMap(([id, pairs]) => (pairs ? [{ id: `${shard}-${id}`, text: pairs[1] ?? '' }] : []))
  return { shard, entries: entries.map(([id]) => id), facts: texts }
}
