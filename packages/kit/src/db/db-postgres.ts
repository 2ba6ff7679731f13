import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { DatabaseHost } from './db.ts'
import { int8, safeInteger } from './int8.ts'
import { migrationLimits } from './migration-limits.ts'
import { discarding } from './discarding-pool.ts'
import { traceSql } from './trace-sql.ts'

export interface PostgresOptions {
  url: string
  log: Logger
  /** Shows how much waits. */
  metrics?: Pick<Metrics, 'queue' | 'reading'> | undefined
  /** Default 10. */
  maxConnections?: number
}

/** Every way to wait has an end: a frozen server must cost a request 3 s, not its life. */
const limits = {
  connectionTimeoutMillis: 2000,
  query_timeout: 3000,
  statement_timeout: 2500,
  lock_timeout: 1000,
  idle_in_transaction_session_timeout: 5000,
}
const limitsOfMigrations = {
  ...migrationLimits,
  connectionTimeoutMillis: 5000,
  query_timeout: migrationLimits.statement_timeout,
}

/** A pool of connections to PostgreSQL; connects when first used. */
export function openPostgres(options: PostgresOptions): DatabaseHost {
  const db = connect(options, { ...limits, max: options.maxConnections ?? 10 })
  return {
    schema: <Tables>(name: string) => db.withSchema(name) as unknown as Kysely<Tables>,
    async migrating(work, turn) {
      // Three: one has the turn, and the migrator may ask for a second connection while it holds the first.
      const migrating = connect({ url: options.url, log: options.log }, { ...limitsOfMigrations, max: 3 })
      try {
        return turn === undefined ? await work(migrating) : await underLock(migrating, turn, () => work(migrating))
      } finally {
        await migrating.destroy()
      }
    },
    async ping() {
      try {
        await sql`select 1`.execute(db)
        return true
      } catch {
        return false
      }
    },
    close: () => db.destroy(),
  }
}

const askAgainMs = 200
const turnWithinMs = 600_000

/**
 * Holds an advisory lock of a transaction meanwhile: one of the session would stay behind in PgBouncer's pool. It is asked for again and
 * again, not waited for: an index that is made concurrently waits for every statement that is under way, and would wait for that one. For
 * the transaction itself it does not wait: that reads nothing.
 */
async function underLock<T>(db: Kysely<unknown>, turn: string, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + turnWithinMs
  for (;;) {
    const done = await db.transaction().execute(async (transaction) => {
      if (!(await tryLock(transaction, turn))) return undefined
      // It is idle for as long as the migrations take.
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(transaction)
      return { result: await work() }
    })
    if (done !== undefined) return done.result
    if (performance.now() > until) throw new Error(`another process has been migrating ${turn} for too long`)
    await sleep(askAgainMs)
  }
}

async function tryLock(transaction: Kysely<unknown>, turn: string): Promise<boolean> {
  const { rows } = await sql<{
    locked: boolean
  }>`select pg_try_advisory_xact_lock(hashtext(${turn})) as locked`.execute(transaction)
  return rows[0]?.locked === true
}

function connect({ url, log, metrics }: PostgresOptions, limit: pg.PoolConfig): Kysely<unknown> {
  const pool = new pg.Pool({ ...limit, connectionString: url, keepAlive: true, application_name: 'parley', types })
  metrics?.queue('database', () => pool.waitingCount)
  metrics?.reading('parley_db_connections', 'Connections of the pool to PostgreSQL', () => pool.totalCount)
  metrics?.reading(
    'parley_db_connections_in_use',
    'Those of them that a query or transaction holds',
    () => pool.totalCount - pool.idleCount,
  )
  metrics?.reading('parley_db_connections_max', 'Connections that the pool may have', () => pool.options.max)
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'a database connection broke'))
  return new Kysely<unknown>({ dialect: new Dialect({ pool: discarding(pool) }), ...traceSql() })
}

/** Kysely's migrator takes a lock of the session, which would stay behind in PgBouncer's pool. `underLock` does its work. */
class Dialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new WithoutMigrationLock()
  }
}
class WithoutMigrationLock extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 && format !== 'binary' ? safeInteger : pg.types.getTypeParser(oid, format),
}
