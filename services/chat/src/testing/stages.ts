import {
  connectNatsBus,
  connectRedisKv,
  createLogger,
  createMemoryBus,
  createMemoryKv,
  createMetrics,
  openDatabase,
  systemClock,
  type Runtime,
} from '@parley/kit'
import { startNats, startPostgres, startRedis, type RunningServer } from '@parley/kit/testing'

/** Tests provoke warnings. */
export const log = createLogger({ service: 'chat-test', level: 'error' })

/** The servers of the replicas under test; the first world is also the tests' own. */
export interface Stage {
  worlds: readonly [Runtime, Runtime]
  close(): Promise<void>
}

const common = { log, clock: systemClock }

/** PGlite in memory, the bus and the store of one process: replicas share them. */
export async function memoryStage(): Promise<Stage> {
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  const database = await openDatabase({}, { log })
  const world = (instanceId: string): Runtime => ({
    ...common,
    bus,
    kv,
    database,
    metrics: createMetrics(),
    instanceId,
  })
  return {
    worlds: [world('one'), world('two')],
    async close() {
      await bus.close(500)
      await kv.close()
      await database.close()
    },
  }
}

/** Real PostgreSQL, NATS and Redis, each a process of its own; replicas have their own connections. */
export async function realStage(): Promise<Stage> {
  const servers = await Promise.all([startPostgres(), startNats(), startRedis()])
  const [postgres, nats, redis] = servers
  const worlds: [Runtime, Runtime] = [
    await realWorld('one', { postgres, nats, redis }),
    await realWorld('two', { postgres, nats, redis }),
  ]
  return {
    worlds,
    async close() {
      for (const { bus, kv, database } of worlds) {
        await bus.close(500)
        await kv.close()
        await database?.close()
      }
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

type Servers = Record<'postgres' | 'nats' | 'redis', RunningServer>

const realWorld = async (instanceId: string, { postgres, nats, redis }: Servers): Promise<Runtime> => ({
  ...common,
  instanceId,
  bus: await connectNatsBus({ url: nats.url, name: `chat-test/${instanceId}`, log }),
  kv: await connectRedisKv({ url: redis.url, log }),
  database: await openDatabase({ url: postgres.url }, { log }),
  metrics: createMetrics(),
})

/** The bus and the store in this process, and a PostgreSQL that may come and go. */
export async function databaseStage(postgres: { url: string }): Promise<Stage> {
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  const world = async (instanceId: string): Promise<Runtime> => ({
    ...common,
    bus,
    kv,
    instanceId,
    metrics: createMetrics(),
    database: await openDatabase(postgres, { log }),
  })
  const worlds: [Runtime, Runtime] = [await world('one'), await world('two')]
  return {
    worlds,
    async close() {
      await bus.close(500)
      await kv.close()
      for (const { database } of worlds) await database?.close()
    },
  }
}
