import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { IncarnationWatch } from './incarnation-watch.ts'
import type { Incarnation } from './kv.ts'
import { incarnations, runScript, script } from './lua.ts'

/** KEYS incarnation. ARGV a random id, of the incarnation that this begins if there is none of this process of Redis. */
const incarnationScript = script(`${incarnations} return incarnation(KEYS[1], ARGV[1])`)

/** Reads the incarnation on a connection that nothing else uses yet, too. */
export class RedisIncarnation {
  readonly key: string
  readonly #watch: IncarnationWatch

  constructor(key: string, watch: IncarnationWatch) {
    this.key = key
    this.#watch = watch
  }

  async read(client: Redis): Promise<Incarnation> {
    return this.noted(await runScript(client, incarnationScript, [this.key], [newIncarnationId()]))
  }

  /** The answer of a script: id, age, time. Listeners are told if it is another incarnation. */
  noted(answer: unknown): Incarnation {
    const [id, ageMs, now] = answer as [string, number, number]
    const incarnation = { id, ageMs, now }
    this.#watch.seen(incarnation)
    return incarnation
  }
}

/** A random id, for the case that the store has none. */
export const newIncarnationId = (): string => randomUUID()
