import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { sql } from 'kysely'

/** Accounts that are gone here, and are to be forgotten by the other services; the row goes last. */
export const erasures: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table erasures (
      user_id uuid primary key,
      alias uuid not null,
      email text,
      name text not null,
      at timestamptz not null,
      due_at timestamptz not null,
      passes integer not null default 0
    )`.execute(db)
    await sql`create index erasures_due on erasures (due_at)`.execute(db)
  },
}
