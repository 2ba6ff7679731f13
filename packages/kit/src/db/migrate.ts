import { sql, type Kysely, type RawBuilder } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { StartupError } from '../startup-error.ts'
import type { DatabaseHost } from './db.ts'

/** `concurrently`: not in a transaction, so that it may make an index that keeps no writer waiting; see `indexConcurrently`. */
export type ServiceMigration = Migration & { concurrently?: true }

export interface Migrations {
  schema: string
  /**
   * By name, in the order of the names. Each runs in a transaction of its own, with `search_path` set to the schema: what one locks is
   * free again before the next.
   */
  migrations: Readonly<Record<string, ServiceMigration>>
}

const table = 'migration'

/**
 * Brings a service's schema up to date. Safe when several replicas start at once: one migrates, the others wait.
 * @throws StartupError when the database has migrations that this code does not know
 */
export async function migrate(host: DatabaseHost, { schema, migrations }: Migrations): Promise<void> {
  await host.migrating(async (db) => {
    await refuseNewer(db, { schema, migrations })
    const migrator = new Migrator({
      db: db.withSchema(schema),
      provider: { getMigrations: async () => inSchema(schema, migrations) },
      migrationTableSchema: schema,
      migrationTableName: table,
      migrationLockTableName: `${table}_lock`,
    })
    for (let next = await pending(migrator); next !== undefined; next = await pending(migrator)) {
      const { error } = await migrator.migrateUp({ disableTransactions: migrations[next]?.concurrently === true })
      if (error === undefined) continue
      await refuseNewer(db, { schema, migrations })
      const why = error instanceof Error ? error.message : String(error)
      throw new StartupError(`cannot migrate schema ${schema} (${next}): ${why}`, { cause: error })
    }
    // One schema at a time: an index that is made concurrently waits for the transactions of all others, and they for Kysely's one lock.
  }, 'parley migrations')
}

/** The name of the next one that has not run. */
async function pending(migrator: Migrator): Promise<string | undefined> {
  return (await migrator.getMigrations()).find(({ executedAt }) => executedAt === undefined)?.name
}

/**
 * Makes an index without a lock that keeps writers waiting. What a making that was broken off has left is dropped first. `on` is what
 * follows `on` in SQL, the table with its schema.
 */
export const indexConcurrently = (
  { schema, name }: { schema: string; name: string },
  on: RawBuilder<unknown>,
): ServiceMigration => ({
  concurrently: true,
  async up(db) {
    await sql`drop index concurrently if exists ${sql.table(`${schema}.${name}`)}`.execute(db)
    await sql`create index concurrently ${sql.ref(name)} on ${on}`.execute(db)
  },
})

async function refuseNewer(db: Kysely<unknown>, { schema, migrations }: Migrations): Promise<void> {
  const found = await sql<{
    exists: boolean
  }>`select to_regclass(${`"${schema}"."${table}"`}) is not null as exists`.execute(db)
  if (found.rows[0]?.exists !== true) return
  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.table(`${schema}.${table}`)} order by name`.execute(db)
  const unknown = rows.find(({ name }) => !Object.hasOwn(migrations, name))
  if (unknown === undefined) return
  throw new StartupError(
    `the database is newer than this version of Parley (schema ${schema} has migration ${unknown.name})`,
  )
}

/** Raw SQL of migrations finds the schema too; `set local` ends with the migration's transaction. */
function inSchema(schema: string, migrations: Readonly<Record<string, ServiceMigration>>): Record<string, Migration> {
  const wrapped = Object.entries(migrations).map(([name, migration]): [string, Migration] => [
    name,
    {
      async up(db) {
        // Outside of a transaction it would say nothing.
        if (migration.concurrently !== true) await sql`set local search_path to ${sql.id(schema)}, public`.execute(db)
        await migration.up(db)
      },
    },
  ])
  return Object.fromEntries(wrapped)
}
