import {
  connectNatsBus,
  connectRedisKv,
  createLogger,
  createMemoryBus,
  createMemoryKv,
  openDatabase,
} from '@parley/kit'
import { startNats, startPostgres, startRedis } from '@parley/kit/testing'
import type { Stage } from './harness.ts'

/** Tests provoke errors. */
const log = createLogger({ service: 'auth-test', level: 'error' })

/** PGlite in memory, the bus and the store of one process. */
export async function memoryStage(): Promise<Stage> {
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  const database = await openDatabase({}, { log })
  return {
    log,
    bus,
    kv,
    database,
    async close() {
      await bus.close(500)
      await kv.close()
      await database.close()
    },
  }
}

/** Real PostgreSQL, NATS and Redis, each a process of its own. */
export async function realStage(): Promise<Stage> {
  const servers = await Promise.all([startPostgres(), startNats(), startRedis()])
  const [postgres, nats, redis] = servers
  const bus = await connectNatsBus({ url: nats.url, name: 'auth-test', log, onClosed: () => {} })
  const kv = await connectRedisKv({ url: redis.url, log })
  const database = await openDatabase({ url: postgres.url }, { log })
  return {
    log,
    bus,
    kv,
    database,
    async close() {
      await bus.close(500)
      await kv.close()
      await database.close()
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}
