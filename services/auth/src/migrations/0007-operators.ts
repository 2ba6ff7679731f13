import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Accounts that operators have disabled, and what operators did to accounts. */
export const operators: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table users add column disabled_at timestamptz`.execute(db)
    await sql`create table operator_actions (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      action text not null,
      reason text,
      at timestamptz not null
    )`.execute(db)
    await sql`create index operator_actions_user on operator_actions (user_id, at)`.execute(db)
    await sql`create index operator_actions_at on operator_actions (at)`.execute(db)
  },
}
