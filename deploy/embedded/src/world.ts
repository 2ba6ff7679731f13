import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  connectNatsBus,
  connectRedisKv,
  createMemoryBus,
  createMemoryKv,
  createMetrics,
  natsOf,
  newId,
  openDatabase,
  redisOf,
  systemClock,
  type Bus,
  type DatabaseHost,
  type Kv,
  type Logger,
  type Metrics,
  type Runtime,
} from '@parley/kit'
import { inThisProcess, type OwnConfig } from './config.ts'
import { patiently } from './patience.ts'

/** The parts that the services share; those that are not given as a URL are inside this process. */
export interface EmbeddedRuntime extends Omit<Runtime, 'log'> {
  database: DatabaseHost
  close(): Promise<void>
}

interface Options {
  config: OwnConfig
  dataDir: string
  log: Logger
  onLost(reason: string): void
}

const folderPatienceMs = 6000
/** Made when an image is built (`template-main.ts`); without it the first start initialises a database. */
const template = join(import.meta.dirname, '..', 'template.tar.gz')

export async function openWorld({ config, dataDir, log, onLost }: Options): Promise<EmbeddedRuntime> {
  const instanceId = `${hostname()}-${newId().slice(-6)}`
  const database = await patiently(folderPatienceMs, () => openEither(config, dataDir, log))
  const metrics = createMetrics()
  const bus = await busOf(config, { log, metrics, name: `parley/${instanceId}`, onLost })
  const kv = await kvOf(config, { log, metrics })
  return {
    database,
    bus,
    kv,
    metrics,
    clock: systemClock,
    instanceId,
    async close() {
      await bus.close(2000)
      await kv.close()
      await database.close()
    },
  }
}

function openEither(config: OwnConfig, dataDir: string, log: Logger): Promise<DatabaseHost> {
  const { DATABASE_URL: url, DATABASE_MAX_CONNECTIONS: maxConnections } = config
  return openDatabase(url === undefined ? { dataDir: join(dataDir, 'db'), template } : { url, maxConnections }, { log })
}

type Observed = Pick<Options, 'log'> & { metrics: Metrics }
type BusOptions = Observed & Pick<Options, 'onLost'> & { name: string }

async function busOf(config: OwnConfig, { log, metrics, name, onLost }: BusOptions): Promise<Bus> {
  if (config.NATS_URL === inThisProcess.NATS_URL) return createMemoryBus({ log })
  log.info('connecting to NATS')
  const onClosed = (): void => onLost('the NATS connection closed for good')
  return connectNatsBus({ ...natsOf(config), name, log, metrics, onClosed })
}

async function kvOf(config: OwnConfig, { log, metrics }: Observed): Promise<Kv> {
  if (config.REDIS_URL === inThisProcess.REDIS_URL) return createMemoryKv({ log })
  log.info('connecting to Redis')
  return connectRedisKv({ ...redisOf(config), log, metrics })
}
