import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which messages a guest wrote: they are marked, whatever name the guest goes by. */
export const guestsMigration: Migration = {
  async up(db) {
    await sql`alter table messages add column sender_guest boolean not null default false`.execute(db)
  },
}
