import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How often a host has lifted the lock of wrong passcodes. A constant default: no row is written. */
export const passcodeRound: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table meetings add column passcode_round integer not null default 0`.execute(db)
  },
}
