import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** When the version of a meeting last changed. The default is for the code of before, which goes on while this is rolled out. */
export const updatedAt: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table meetings add column updated_at timestamptz not null default now()`.execute(db)
    await sql`update meetings set updated_at = coalesce(deleted_at, ended_at, started_at, created_at)`.execute(db)
  },
}
