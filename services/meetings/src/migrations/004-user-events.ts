import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`create table user_boxes (
    box text primary key,
    last_seq bigint not null,
    told_seq bigint not null default 0
  )`,
  sql`create index user_boxes_untold on user_boxes (box) where told_seq < last_seq`,
  sql`create table user_events (
    box text not null references user_boxes,
    seq bigint not null,
    type text not null,
    data jsonb not null,
    created_at timestamptz not null,
    primary key (box, seq)
  )`,
  sql`create index user_events_age on user_events (created_at)`,
  sql`alter table meetings add column starting_told timestamptz`,
  sql`create index meetings_starting on meetings (scheduled_at) where status = 'scheduled'`,
]

/** The events of accounts, for their event streams. */
export const userEvents: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
  },
}
