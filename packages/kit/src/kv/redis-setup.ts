import type { Redis } from 'ioredis'
import type { Logger } from '../logger.ts'
import { StartupError } from '../startup-error.ts'

/** How Redis is set up, as far as it matters to what stands in it; asked again at every connect. */
export class RedisSetup {
  readonly #log: Logger
  #faults: readonly string[] = []

  constructor(log: Logger) {
    this.#log = log
  }

  /** The faults, in one sentence each; empty if all is well. */
  get faults(): readonly string[] {
    return this.#faults
  }

  /** Throws StartupError on a Redis that will not do at all. */
  async check(client: Redis): Promise<void> {
    const [cluster, memory] = await Promise.all([client.info('cluster'), client.info('memory')])
    if (fieldOf(cluster, 'cluster_enabled') === '1') throw new StartupError(noCluster)
    const policy = fieldOf(memory, 'maxmemory_policy') ?? 'noeviction'
    const evicts = policy !== 'noeviction' && Number(fieldOf(memory, 'maxmemory') ?? 0) > 0
    this.#faults = evicts
      ? [`Redis deletes rooms when its memory is full: set maxmemory-policy ${policy} to noeviction`]
      : []
    for (const fault of this.#faults) this.#log.warn({ policy }, fault)
  }
}

const noCluster =
  'REDIS_URL names a Redis Cluster (cluster_enabled:1). Parley needs all its data on one server, as its scripts change several keys at once: use one Redis, or Redis with Sentinel'

/** A line `name:value` of INFO. */
function fieldOf(info: string, name: string): string | undefined {
  const line = info.split('\r\n').find((one) => one.startsWith(`${name}:`))
  return line?.slice(name.length + 1)
}
