import {
  connectNatsBus,
  connectRedisKv,
  createLogger,
  createMemoryBus,
  createMemoryKv,
  openDatabase,
} from '@parley/kit'
import type { Bus, DatabaseHost, Kv, Logger } from '@parley/kit'
import { createTestIssuer, startNats, startPostgres, startRedis } from '@parley/kit/testing'

/** The servers of the service in a test. */
export interface TestWorld {
  bus: Bus
  kv: Kv
  database: DatabaseHost
  log: Logger
  /** In the place of the auth service. */
  issuer: ReturnType<typeof createTestIssuer>
  /** The accounts of those whom a product made, by their ids. */
  users: Map<string, { name: string; email: string; emailVerified: boolean }>
  close(): Promise<void>
}
export type OpenWorld = () => Promise<TestWorld>

const log = createLogger({ service: 'meetings', level: 'silent' })

/** Everything in this process, as in the embedded product. */
export const openMemoryWorld: OpenWorld = async () => {
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  const database = await openDatabase({}, { log })
  const issuer = createTestIssuer(bus, log)
  return { bus, kv, database, log, issuer, users: new Map(), close: () => closeAll({ bus, kv, database }) }
}

/** Real PostgreSQL, Redis and NATS, as in the distributed product. */
export const openRealWorld: OpenWorld = async () => {
  const [postgres, redis, nats] = await Promise.all([startPostgres(), startRedis(), startNats()])
  const bus = await connectNatsBus({ url: nats.url, name: 'meetings-test', log, onClosed: () => {} })
  const kv = await connectRedisKv({ url: redis.url, log })
  const database = await openDatabase({ url: postgres.url }, { log })
  return {
    bus,
    kv,
    database,
    log,
    issuer: createTestIssuer(bus, log),
    users: new Map(),
    async close() {
      await closeAll({ bus, kv, database })
      await Promise.all([postgres.stop(), redis.stop(), nats.stop()])
    },
  }
}

async function closeAll({ bus, kv, database }: Pick<TestWorld, 'bus' | 'kv' | 'database'>): Promise<void> {
  await bus.close(1000)
  await kv.close()
  await database.close()
}
