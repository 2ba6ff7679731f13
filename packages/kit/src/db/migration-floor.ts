import { sql, type Kysely } from 'kysely'
import { StartupError } from '../startup-error.ts'

const floors = 'migration_floor'

interface At {
  schema: string
  /** Of Kysely: the migrations that have run. */
  table: string
}

/**
 * Where a schema keeps how old the code may be that runs on it: a row for each migration that took away what older code needs. It names the
 * last migration that code must know from then on (its floor).
 */
export async function createFloors(db: Kysely<unknown>, schema: string): Promise<void> {
  const { rows } = await sql<{ schema: boolean; table: boolean }>`
    select to_regnamespace(${`"${schema}"`}) is not null as schema,
      to_regclass(${`"${schema}"."${floors}"`}) is not null as table`.execute(db)
  // Not `if not exists`: that asks for the right to make one also where one is.
  if (rows[0]?.schema !== true) await sql`create schema ${sql.id(schema)}`.execute(db)
  if (rows[0]?.table === true) return
  await sql`create table ${sql.table(`${schema}.${floors}`)} (
    migration text primary key, floor text not null)`.execute(db)
}

/** Part of the transaction of the migration. */
export async function insertFloor(
  db: Kysely<unknown>,
  { schema, migration, floor }: { schema: string; migration: string; floor: string },
): Promise<void> {
  await sql`insert into ${sql.table(`${schema}.${floors}`)} (migration, floor)
    values (${migration}, ${floor}) on conflict (migration) do nothing`.execute(db)
}

/**
 * The migrations of newer code that have run, if this code, which knows `known`, may run on what they made; none if it is the newest.
 * @throws StartupError when it is too old for them, or they say nothing of it
 */
export async function readNewer(
  db: Kysely<unknown>,
  at: At,
  known: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  if (!(await exists(db, at.schema, at.table))) return []
  const ran = await namesIn(db, at)
  const newer = ran.filter((name) => !Object.hasOwn(known, name))
  const [first] = newer
  if (first === undefined) return []
  const refusal = `the database is newer than this version of Parley (schema ${at.schema} has migration ${newer.at(-1)}`
  if (!(await exists(db, at.schema, floors))) throw new StartupError(`${refusal})`)
  const { rows } = await sql<{ migration: string; floor: string }>`
    select migration, floor from ${sql.table(`${at.schema}.${floors}`)} order by migration`.execute(db)
  const above = rows.find(({ floor }) => !Object.hasOwn(known, floor))
  if (above !== undefined)
    throw new StartupError(
      `${refusal}, and ${above.migration} needs code that knows ${above.floor}): start the newer version again, or restore a backup`,
    )
  const missing = Object.keys(known).find((name) => !ran.includes(name))
  if (missing !== undefined)
    throw new StartupError(`${refusal}, but not ${missing}): this version is of another line of development`)
  return newer
}

async function exists(db: Kysely<unknown>, schema: string, table: string): Promise<boolean> {
  const { rows } = await sql<{ exists: boolean }>`
    select to_regclass(${`"${schema}"."${table}"`}) is not null as exists`.execute(db)
  return rows[0]?.exists === true
}

async function namesIn(db: Kysely<unknown>, { schema, table }: At): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(`${schema}.${table}`)} order by name`.execute(db)
  return rows.map(({ name }) => name)
}

/** The migrations of `known` that have run, and those of newer code. */
export async function readRan(db: Kysely<unknown>, at: At): Promise<string[]> {
  return (await exists(db, at.schema, at.table)) ? namesIn(db, at) : []
}
