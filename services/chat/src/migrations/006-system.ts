import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The content of a system message, as kind and values. Those of before have their text only. */
export const systemMigration: Migration = {
  async up(db) {
    await sql`alter table messages add column system jsonb`.execute(db)
  },
}
