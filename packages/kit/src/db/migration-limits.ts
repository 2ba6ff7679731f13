import { sql, type Kysely } from 'kysely'

/** Migrations may wait for another replica's, and rewrite tables. In ms. */
export const migrationLimits = {
  statement_timeout: 600_000,
  lock_timeout: 60_000,
  idle_in_transaction_session_timeout: 600_000,
}

/**
 * Gives a transaction the limits of a migration: behind PgBouncer those at the start of a connection do not arrive, and those of the role
 * are short.
 */
export async function setMigrationLimits(transaction: Kysely<unknown>): Promise<void> {
  for (const [name, ms] of Object.entries(migrationLimits))
    await sql`set local ${sql.id(name)} = ${sql.lit(ms)}`.execute(transaction)
}
