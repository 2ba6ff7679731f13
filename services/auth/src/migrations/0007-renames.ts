import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { sql } from 'kysely'

/** Names that accounts had, until meetings has confirmed that its copies have followed. */
export const renames: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table renames (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      before text not null,
      at timestamptz not null default now(),
      due_at timestamptz not null default now()
    )`.execute(db)
    await sql`create index renames_due on renames (due_at)`.execute(db)
    await sql`create index renames_user on renames (user_id)`.execute(db)
  },
}
