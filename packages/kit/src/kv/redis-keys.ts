import { shardCount, shardOf } from './shards.ts'

/** The names of everything in Redis. A document and its shard's facts share a hash tag: one script may touch both. */
export class RedisKeys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  value = (key: string): string => `${this.#prefix}value:${key}`
  set = (key: string): string => `${this.#prefix}set:${key}`
  get incarnation(): string {
    return `${this.#prefix}incarnation`
  }
  limit = (name: string): string => `${this.#prefix}limit:${name}`

  /** The document, its changes, its removals. */
  doc(id: string): [string, string, string] {
    const shard = this.#shard(shardOf(id))
    return [`${shard}:doc:${id}`, `${shard}:changed:${id}`, `${shard}:removed:${id}`]
  }

  /** The fact stream of a document's shard. */
  facts = (id: string): string => this.stream(shardOf(id))

  stream = (shard: number): string => `${this.#shard(shard)}:facts`

  streams = (): string[] => Array.from({ length: shardCount }, (_, shard) => this.stream(shard))

  #shard = (shard: number): string => `${this.#prefix}{s${shard}}`
}
