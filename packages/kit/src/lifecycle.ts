import { setTimeout as sleep } from 'node:timers/promises'
import { advertisedUrl } from './advertised.ts'
import type { Bus } from './bus/bus.ts'
import { explain } from './cannot-start.ts'
import type { DatabaseHost } from './db/db.ts'
import { asProblem } from './db/errors.ts'
import { migrate, type Migrations } from './db/migrate.ts'
import { measureDependencies } from './dependencies.ts'
import type { Kv } from './kv/kv.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { steerNode } from './nodes.ts'
import type { Poller } from './poller.ts'
import { announce } from './directory.ts'
import type { Clock, Deps, RunningService, ServiceDefinition } from './service.ts'
import { StartupError } from './startup-error.ts'

/** The servers of services: the real parts of a process of its own, or those of the embedded process. */
export interface Runtime {
  bus: Bus
  kv: Kv
  database?: DatabaseHost
  metrics: Metrics
  log: Logger
  clock: Clock
  instanceId: string
}

export interface StartedService {
  /** How other processes reach it. */
  url: string
  /** Leaves the directory, then lets the service finish. */
  stop(): Promise<void>
  readiness(): Promise<Record<string, boolean>>
}

/**
 * Migrates, creates, starts and announces one service. Everything it had begun is undone when it fails. `lingerMs` is how
 * long it goes on taking work after it left the directory, until everybody has read that.
 */
export async function startService(
  definition: ServiceDefinition,
  { config, world, lingerMs = 0 }: { config: Readonly<Record<string, unknown>>; world: Runtime; lingerMs?: number },
): Promise<StartedService> {
  const { name } = definition
  const service = await definition.create(await depsOf(definition, config, world))
  const { url } = await startOrStop(service, world.log)
  measureDependencies(world.metrics.forService(name), () => service.readiness(), world.kv)
  const advertised = advertisedUrl(config, url)
  const place = takePlace(service, { name, url: advertised, world, lingerMs })
  await place.steering.start()
  return {
    url: advertised,
    async stop() {
      place.steering.stop()
      service.leave?.()
      await place.withdraw()
      await sleep(lingerMs)
      await service.stop()
    },
    readiness: () => service.readiness(),
  }
}

interface Placed {
  name: string
  url: string
  world: Runtime
  lingerMs: number
}

/** The place of a service in the directory: it leaves when an operator drains it, and comes back when they say so. */
function takePlace(
  service: RunningService,
  { name, url, world: { kv, log, metrics, instanceId: id }, lingerMs }: Placed,
): { steering: Poller; withdraw(): Promise<void> } {
  const instance = { name, id, url, log }
  let announced = announce(kv, instance)
  let draining = false
  metrics
    .forService(name)
    .reading('parley_draining', 'Whether an operator has taken this process out of service: 1 or 0', () =>
      draining ? 1 : 0,
    )
  const steering = steerNode(kv, {
    kind: name,
    id,
    log,
    card: () => ({ url, draining, load: service.load?.() ?? {} }),
    async obey(drain) {
      draining = drain
      if (drain) {
        service.leave?.()
        await announced.withdraw()
        await sleep(lingerMs)
        await service.drain?.()
      } else {
        await service.undrain?.()
        announced = announce(kv, instance)
      }
    },
  })
  return { steering, withdraw: () => announced.withdraw() }
}

async function startOrStop(service: RunningService, log: Logger): Promise<{ url: string }> {
  try {
    return await service.start()
  } catch (error) {
    // The fault that is told is why it did not start; that it could not undo it either is for the log.
    await service.stop().catch((err: unknown) => log.warn({ err }, 'a service that did not start could not be stopped'))
    throw error
  }
}

const againAfterMs = 500
const tellEveryMs = 5_000

/** Migrates once the database can be reached, however long that takes; says meanwhile why it cannot. */
async function migrateWhenThere(host: DatabaseHost, migrations: Migrations, log: Logger): Promise<void> {
  let toldAt = -Infinity
  for (;;) {
    try {
      const { newer } = await migrate(host, migrations)
      if (newer.length > 0)
        log.warn({ schema: migrations.schema, newer }, 'the database is of a newer version, which this one may use')
      return
    } catch (error) {
      // A migration that failed is wrapped: only what passes by itself is waited for.
      if (asProblem(error)?.code !== 'unavailable') throw error
      if (performance.now() - toldAt >= tellEveryMs) {
        toldAt = performance.now()
        log.warn({ reason: explain(error) }, 'waiting for PostgreSQL')
      }
      await sleep(againAfterMs)
    }
  }
}

async function depsOf(
  definition: ServiceDefinition,
  config: Readonly<Record<string, unknown>>,
  world: Runtime,
): Promise<Deps<never, never>> {
  const { name, database } = definition
  const { database: host, metrics, ...rest } = world
  if (database !== undefined) {
    if (host === undefined) throw new StartupError(`${name} needs a database`)
    await migrateWhenThere(host, database, world.log)
  }
  const db = database === undefined ? undefined : host?.schema(database.schema)
  // The definition's own types say what its config and tables are; here they are unknown.
  return { ...rest, config, db, metrics: metrics.forService(name) } as unknown as Deps<never, never>
}
