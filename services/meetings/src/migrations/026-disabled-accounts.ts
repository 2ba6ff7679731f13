import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Accounts that operators have disabled or removed, as auth has told. */
export const disabledAccounts: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table disabled_accounts (user_id uuid primary key)`.execute(db)
  },
}
