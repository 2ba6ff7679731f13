import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The events in and around a meeting besides comings and goings, for operators. */
export const timeline: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table timeline (
      id uuid primary key,
      meeting_id uuid not null,
      at timestamptz not null,
      kind text not null,
      outcome text not null,
      user_id uuid,
      participant_id uuid,
      target_id uuid,
      request_id text,
      node text
    )`.execute(db)
    await sql`create index timeline_meeting on timeline (meeting_id, at)`.execute(db)
    await sql`create index timeline_at on timeline (at)`.execute(db)
    await sql`create index timeline_person on timeline (user_id) where user_id is not null`.execute(db)
  },
}
