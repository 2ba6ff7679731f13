import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Accounts that operators have disabled, enabled or removed, until meetings has confirmed that it knows. */
export const standings: Migration = {
  async up(db: Kysely<unknown>) {
    // Without a reference: the row of an account that was removed is told too.
    await sql`create table standings (user_id uuid primary key, due_at timestamptz not null default now())`.execute(db)
    await sql`create index standings_due on standings (due_at)`.execute(db)
    await sql`insert into standings (user_id) select id from users where disabled_at is not null`.execute(db)
  },
}
