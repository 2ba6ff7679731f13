import type { Kysely } from 'kysely'
import type { TObject } from 'typebox'
import type { Bus } from './bus/bus.ts'
import type { ServiceMigration } from './db/migrate.ts'
import type { Kv } from './kv/kv.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** The only seam between a service and the world. Which implementations stand behind it is the launcher's choice. */
export interface Deps<Config, Tables> {
  config: Readonly<Config>
  log: Logger
  clock: Clock
  bus: Bus
  kv: Kv
  /** The service's own schema; of a service without `database`, absent in its type. */
  db: Kysely<Tables>
  metrics: Metrics
  /** This process's name in logs, leases and subjects. */
  instanceId: string
}

export interface Clock {
  /** Milliseconds since 1970, for people and for what is compared with other machines. It may be set forward or back at any time. */
  now(): number
  /** Milliseconds since some moment; it only grows, evenly. Everything that lasts, waits or comes again is measured with it. */
  monotonic(): number
}

/** The one export of a service package. */
export interface ServiceDefinition {
  name: string
  /** The environment variables it reads; see `config.ts`. */
  config: TObject
  /** False: nothing that it publishes is for itself. A bus that is able to does not deliver it back. */
  echo?: false
  database?: { schema: string; migrations: Readonly<Record<string, ServiceMigration>> }
  create(deps: Deps<never, never>): RunningService | Promise<RunningService>
}

export interface RunningService {
  /** Resolves when it serves; the URL is where its HTTP server listens on this host. */
  start(): Promise<{ url: string }>
  /**
   * Told to stop: from now on it is not ready, but still serves those who have not noticed yet. Called before it leaves the
   * directory.
   */
  leave?(): void
  /**
   * An operator takes it out of service: it is not ready, takes nothing new, moves the sessions that it has, and ends its work in the
   * background. It goes on running.
   */
  drain?(): void | Promise<void>
  /** An operator puts it back into service. */
  undrain?(): void | Promise<void>
  /** The work it has now by name, such as `sessions`, for operators. */
  load?(): Record<string, number>
  /** Takes no new work, finishes what runs, and lets go, within the drain deadline of its config. */
  stop(): Promise<void>
  /** The state of each dependency by name; every one true means ready. */
  readiness(): Promise<Record<string, boolean>>
}
