import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { FactReader } from './fact-reader.ts'
import type { FactConsumer, FactStream } from './kv.ts'
import { rememberedFacts } from './checks.ts'
import { RedisFactConsumer } from './redis-fact-consumer.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisLink } from './redis-link.ts'

interface Options {
  link: RedisLink
  keys: RedisKeys
  log: Logger
  metrics?: Pick<Metrics, 'reading'> | undefined
  /** After how long without an acknowledgement another consumer gets a fact. */
  claimAfterMs: number
}

/** Facts in Redis streams, one per shard, read by consumer groups. */
export class RedisFacts implements FactStream {
  readonly #options: Options
  readonly #consumers = new Set<RedisFactConsumer>()

  constructor(options: Options) {
    this.#options = options
  }

  async append(fact: string): Promise<void> {
    const { link, keys } = this.#options
    await link.run((client) => client.xadd(keys.stream(0), 'MAXLEN', '~', rememberedFacts, '*', 't', fact))
  }

  consume({ group, consumer: name, handle }: Parameters<FactStream['consume']>[0]): FactConsumer {
    const { link, keys, log, metrics, claimAfterMs } = this.#options
    const reader = new FactReader({ link, streams: keys.streams(), group, consumer: name, claimAfterMs })
    const consumer = new RedisFactConsumer({ reader, handle, log, claimAfterMs })
    this.#consumers.add(consumer)
    metrics?.reading(
      'parley_facts_lag_seconds',
      'Age of the oldest fact of rooms that is being handled or waits to be tried again; 0: none',
      () => consumer.lagMs / 1000,
    )
    return { stop: () => consumer.stop().finally(() => this.#consumers.delete(consumer)) }
  }

  close(): void {
    for (const consumer of this.#consumers) void consumer.stop()
  }
}
