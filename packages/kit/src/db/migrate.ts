import { sql, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { StartupError } from '../startup-error.ts'
import type { DatabaseHost } from './db.ts'

export interface Migrations {
  schema: string
  /** By name, in the order of the names. Each runs in a transaction, with `search_path` set to the schema. */
  migrations: Readonly<Record<string, Migration>>
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
    const { error, results } = await migrator.migrateToLatest()
    if (error === undefined) return
    await refuseNewer(db, { schema, migrations })
    const failed = results?.find(({ status }) => status === 'Error')?.migrationName
    throw new Error(`cannot migrate schema ${schema}${failed === undefined ? '' : ` (${failed})`}`, { cause: error })
  })
}

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
function inSchema(schema: string, migrations: Readonly<Record<string, Migration>>): Record<string, Migration> {
  const wrapped = Object.entries(migrations).map(([name, migration]): [string, Migration] => [
    name,
    {
      async up(db) {
        await sql`set local search_path to ${sql.id(schema)}, public`.execute(db)
        await migration.up(db)
      },
    },
  ])
  return Object.fromEntries(wrapped)
}
