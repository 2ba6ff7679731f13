import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { openPglite, type PgliteOptions } from './db-pglite.ts'
import { openPostgres } from './db-postgres.ts'

/**
 * A database with a schema per service. In both implementations int8 is a number (one beyond 2^53 throws),
 * timestamptz is a Date, numeric is a string.
 */
export interface DatabaseHost {
  /** The service's own schema: tables named in the query builder are looked up there. Raw `sql` has to name it. */
  schema<Tables>(name: string): Kysely<Tables>
  /** Runs `work` with the long time limits that migrations need; of the processes that name the same `turn` one at a time. */
  migrating<T>(work: (db: Kysely<unknown>) => Promise<T>, turn?: string): Promise<T>
  /** Whether the database answers within its time limits. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

/**
 * Opens PostgreSQL at `url`, or PGlite in the folder `dataDir` (in memory without one). PostgreSQL need not be up yet.
 * @throws StartupError when the folder is in use
 */
export function openDatabase(
  at: { url: string; maxConnections?: number } | PgliteOptions,
  { log, metrics }: { log: Logger; metrics?: Pick<Metrics, 'queue' | 'reading'> },
): Promise<DatabaseHost> {
  return 'url' in at ? Promise.resolve(openPostgres({ ...at, log, metrics })) : openPglite(at)
}

/** A value for a jsonb column. Both drivers take it; given plain arrays or strings, each would do something else. */
export const json = <T>(value: T): RawBuilder<T> => sql<T>`cast(${JSON.stringify(value)} as jsonb)`
