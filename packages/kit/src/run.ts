import { hostname } from 'node:os'
import { reportAndEnd } from './cannot-start.ts'
import { connectNatsBus } from './bus/bus-nats.ts'
import { systemClock } from './clock.ts'
import { ConfigError, describeConfig, readConfig, type Environment } from './config.ts'
import { commonConfig, natsOf, redisOf, type CommonConfig } from './config-common.ts'
import { openDatabase } from './db/db.ts'
import { warnOfMisspelt } from './misspelt.ts'
import { newId } from './ids.ts'
import { connectRedisKv } from './kv/kv-redis.ts'
import { startService, type Runtime } from './lifecycle.ts'
import { createLogger, type Logger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import type { ServiceDefinition } from './service.ts'
import { superviseProcess } from './supervise.ts'
import { startTracing } from './tracing/tracing.ts'
import Type from 'typebox'

/**
 * One service as a process of its own, on NATS, Redis and PostgreSQL, until SIGTERM. Never rejects: faults end in the
 * exit code.
 */
export async function runService(
  definition: ServiceDefinition,
  { env, argv }: { env: Environment; argv: readonly string[] },
): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(helpOf(definition))
    return
  }
  try {
    await serve(definition, env)
  } catch (error) {
    reportAndEnd(definition.name, error, env)
  }
}

async function serve(definition: ServiceDefinition, env: Environment): Promise<void> {
  const common = readConfig(Type.Object(commonConfig), env)
  const config = readConfig(definition.config, env) as Readonly<Record<string, unknown>>
  const needsDatabase = definition.database !== undefined
  if (needsDatabase && common.DATABASE_URL === undefined)
    throw new ConfigError(['DATABASE_URL: is missing; expected a postgres:// URL'])
  const instanceId = `${hostname()}-${newId().slice(-6)}`
  const tracing = await startTracing({
    config: common,
    service: `parley-${definition.name}`,
    instance: instanceId,
  })
  const log = createLogger({
    service: definition.name,
    level: common.LOG_LEVEL,
    format: common.LOG_FORMAT,
    instance: instanceId,
  })
  warnOfMisspelt(env, [definition.config], log)
  tracing.tell(log)
  const supervisor = superviseProcess({ log, drainMs: common.DRAIN_MS })
  supervisor.onStop(() => tracing.stop())
  const world = await connect(
    { common, database: needsDatabase ? common.DATABASE_URL : undefined },
    { log, instanceId, name: definition.name, echo: definition.echo, onLost: supervisor.fail },
  )
  supervisor.onStop(() => world.close())
  try {
    const started = await startService(definition, { config, world, lingerMs: Math.min(lingerMs, common.DRAIN_MS) })
    supervisor.onStop(() => started.stop())
    log.info({ url: started.url }, 'ready')
  } catch (error) {
    supervisor.release()
    await world.close()
    throw error
  }
}

/** Others read the directory each second. */
const lingerMs = 1500

interface Identity {
  log: Logger
  instanceId: string
  name: string
  echo?: false | undefined
  onLost(reason: string): void
}

/** The three connections, closed again in the other order. */
async function connect(
  { common, database: url }: { common: CommonConfig; database: string | undefined },
  { log, instanceId, name, echo, onLost }: Identity,
): Promise<Runtime & { close(): Promise<void> }> {
  const metrics = createMetrics()
  const bus = await connectNatsBus({
    ...natsOf(common),
    name: `${name}/${instanceId}`,
    log,
    echo,
    metrics,
    onClosed: () => onLost('the NATS connection closed for good'),
  })
  const kv = await connectRedisKv({ ...redisOf(common), log, metrics })
  const maxConnections = common.DATABASE_MAX_CONNECTIONS
  const database = url === undefined ? undefined : await openDatabase({ url, maxConnections }, { log, metrics })
  return {
    bus,
    kv,
    ...(database === undefined ? {} : { database }),
    metrics,
    log,
    clock: systemClock,
    instanceId,
    async close() {
      await bus.close(2000)
      await kv.close()
      await database?.close()
    },
  }
}

function helpOf(definition: ServiceDefinition): string {
  const rows = describeConfig(definition.config).map(
    (row) => `  ${row.name.padEnd(24)} ${row.description}${row.default === '' ? '' : ` (default ${row.default})`}`,
  )
  return `${definition.name}: configured by environment variables; X_FILE reads X from a file\n\n${rows.join('\n')}\n`
}
