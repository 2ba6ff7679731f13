import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const recordings = sql`
  create table recordings (
    id uuid primary key,
    meeting_id uuid not null,
    layout text not null,
    status text not null,
    started_by uuid not null,
    started_at timestamptz not null default clock_timestamp(),
    first_media_at timestamptz,
    ended_at timestamptz,
    stop_reason text,
    duration_ms bigint,
    size_bytes bigint,
    content_type text,
    failure_code text,
    failure_detail text,
    people jsonb not null default '[]',
    sha256 text,
    object_key text,
    rev integer not null default 1,
    told_rev integer not null default 0,
    told_at timestamptz,
    holder text,
    held_until timestamptz,
    fence bigint not null default 0,
    due_at timestamptz not null default clock_timestamp(),
    attempts integer not null default 0,
    looked_at timestamptz not null default clock_timestamp(),
    removed_at timestamptz
  )`

/** One at a time in a meeting. */
const running = sql`
  create unique index recordings_running on recordings (meeting_id)
  where status in ('requested', 'starting', 'recording') and removed_at is null`
const byMeeting = sql`create index recordings_meeting on recordings (meeting_id, started_at, id)`
const unfinished = sql`create index recordings_due on recordings (due_at) where status not in ('ready', 'failed')`
const untold = sql`create index recordings_untold on recordings (id) where told_rev < rev`
const looked = sql`create index recordings_looked on recordings (looked_at)`

const parts = sql`
  create table recording_parts (
    recording_id uuid not null references recordings on delete cascade,
    number integer not null,
    janus_id text not null,
    room text not null,
    generation bigint not null,
    first_media_at timestamptz,
    lead_ms integer not null default 0,
    primary key (recording_id, number)
  )`

const stays = sql`
  create table recording_stays (
    recording_id uuid not null references recordings on delete cascade,
    participant_id uuid not null,
    name text not null,
    from_at timestamptz not null default clock_timestamp(),
    to_at timestamptz not null default clock_timestamp(),
    primary key (recording_id, participant_id, from_at)
  )`

/** Announcements for the chat of a meeting; the same \`id\` is said once. */
const notices = sql`
  create table recording_notices (
    id text primary key,
    meeting_id uuid not null,
    text text not null,
    created_at timestamptz not null default clock_timestamp()
  )`

/** Recordings: their state, the lease of whoever works on one, and what of them is still to be told. */
export const recordingsMigration: Migration = {
  async up(db) {
    for (const statement of [recordings, running, byMeeting, unfinished, untold, looked, parts, stays, notices])
      await statement.execute(db)
  },
}
