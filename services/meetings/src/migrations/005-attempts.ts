import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** An answer that was lost may be asked for again: a spent room token knows by which attempt it was spent. */
export const attempts: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table room_tokens add column attempt uuid`.execute(db)
  },
}
