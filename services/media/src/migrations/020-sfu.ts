import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Where the rooms of meetings are. `janus_id` and `room` are null while there is none; the generation stays, and grows. */
const rooms = sql`
  create table sfu_rooms (
    meeting_id uuid primary key,
    generation integer not null,
    janus_id text,
    room text,
    changed_at timestamptz not null default clock_timestamp(),
    constraint sfu_rooms_somewhere check ((janus_id is null) = (room is null))
  )`
const byJanus = sql`create index sfu_rooms_janus on sfu_rooms (janus_id) where janus_id is not null`

/** The state of each Janus, written by the replica that keeps it: it holds the row until `held_until`. */
const servers = sql`
  create table sfu_servers (
    id text primary key,
    holder text,
    held_until timestamptz,
    healthy boolean not null default false,
    checked_at timestamptz,
    draining boolean not null default false,
    sessions integer not null default 0,
    publishers integer not null default 0
  )`

export const sfuMigration: Migration = {
  async up(db) {
    await rooms.execute(db)
    await byJanus.execute(db)
    await servers.execute(db)
  },
}
