import { sql, type RawBuilder } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { StartupError } from '../startup-error.ts'
import type { DatabaseHost } from './db.ts'
import { createFloors, insertFloor, readNewer, readRan } from './migration-floor.ts'
import { setMigrationLimits } from './migration-limits.ts'

/**
 * `concurrently`: not in a transaction, so that it may make an index that keeps no writer waiting; see `indexConcurrently`. `floor`: the
 * last migration that code must know to run on what this one leaves. Without it any code of before runs on.
 */
export type ServiceMigration = Migration & { concurrently?: true; floor?: string }

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
 * Brings a service's schema up to date. Safe when several replicas start at once: one migrates, the others wait. Returns the migrations of
 * newer code that have run already: nothing is done then, and this code runs on what they made.
 * @throws StartupError when they took away what this code needs
 */
export async function migrate(host: DatabaseHost, { schema, migrations }: Migrations): Promise<{ newer: string[] }> {
  return host.migrating(async (db) => {
    const newer = await readNewer(db, { schema, table }, migrations)
    if (newer.length > 0) return { newer }
    await createFloors(db, schema)
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
      const others = await readNewer(db, { schema, table }, migrations)
      if (others.length > 0) return { newer: others }
      const why = error instanceof Error ? error.message : String(error)
      throw new StartupError(`cannot migrate schema ${schema} (${next}): ${why}`, { cause: error })
    }
    // One schema at a time: an index that is made concurrently waits for the transactions of all others, and they for Kysely's one lock.
    return { newer: [] }
  }, 'parley migrations')
}

/** Which migrations of a service have run, which wait, and which ran that only newer code knows. */
export function readStatus(
  host: DatabaseHost,
  { schema, migrations }: Migrations,
): Promise<{ ran: string[]; pending: string[]; newer: string[] }> {
  return host.migrating(async (db) => {
    const ran = await readRan(db, { schema, table })
    const known = Object.keys(migrations).sort()
    return {
      ran: ran.filter((name) => known.includes(name)),
      pending: known.filter((name) => !ran.includes(name)),
      newer: ran.filter((name) => !known.includes(name)),
    }
  })
}

/** The name of the next one that has not run. */
async function pending(migrator: Migrator): Promise<string | undefined> {
  return (await migrator.getMigrations()).find(({ executedAt }) => executedAt === undefined)?.name
}

/**
 * Makes an index without a lock that keeps writers waiting. The remains of an index build that was broken off are dropped first. `on` is what
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

/** Raw SQL of migrations finds the schema too; `set local` ends with the migration's transaction. */
function inSchema(schema: string, migrations: Readonly<Record<string, ServiceMigration>>): Record<string, Migration> {
  const wrapped = Object.entries(migrations).map(([name, migration]): [string, Migration] => [
    name,
    {
      async up(db) {
        // Outside of a transaction it would say nothing.
        if (migration.concurrently !== true) {
          await setMigrationLimits(db)
          await sql`set local search_path to ${sql.id(schema)}, public`.execute(db)
        }
        await migration.up(db)
        if (migration.floor !== undefined) await insertFloor(db, { schema, migration: name, floor: migration.floor })
      },
    },
  ])
  return Object.fromEntries(wrapped)
}
