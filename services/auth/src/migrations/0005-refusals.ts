import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Addresses whose owners have said that an account is not theirs. */
export const refusals: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table users add column email_refused_at timestamptz`.execute(db)
  },
}
