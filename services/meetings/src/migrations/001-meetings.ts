import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`create table meetings (
    id uuid primary key,
    code text not null constraint meetings_code unique,
    title text not null,
    description text not null,
    type text not null check (type in ('public', 'private', 'invited_only')),
    status text not null check (status in ('scheduled', 'waiting', 'live', 'ended', 'cancelled')),
    host_id uuid not null,
    host_name text not null,
    scheduled_at timestamptz,
    duration_minutes integer,
    time_zone text not null,
    passcode_hash text,
    max_participants integer not null,
    settings jsonb not null,
    version integer not null,
    public_base text not null,
    created_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    empty_since timestamptz,
    deleted_at timestamptz
  )`,
  sql`create index meetings_host on meetings (host_id, created_at desc, id desc)`,
  sql`create index meetings_active on meetings (created_at desc, id desc)
    where status = 'live' and type = 'public' and deleted_at is null`,
  sql`create index meetings_open on meetings (status, empty_since) where status in ('scheduled', 'waiting', 'live')`,
  sql`create table attendance (
    id uuid primary key,
    meeting_id uuid not null references meetings,
    user_id uuid not null,
    name text not null,
    role text not null,
    joined_at timestamptz not null,
    left_at timestamptz,
    fact_at timestamptz not null,
    fact_id uuid not null
  )`,
  sql`create index attendance_meeting on attendance (meeting_id, joined_at desc, id desc)`,
  sql`create index attendance_user on attendance (user_id, meeting_id)`,
  sql`create index attendance_present on attendance (meeting_id) where left_at is null`,
  sql`create table room_tokens (
    hash text primary key,
    meeting_id uuid not null references meetings,
    user_id uuid not null,
    participant_id uuid not null,
    name text not null,
    role text not null,
    guest boolean not null,
    expires_at timestamptz not null,
    used_at timestamptz
  )`,
  sql`create index room_tokens_user on room_tokens (user_id, meeting_id)`,
  sql`create index room_tokens_expiry on room_tokens (expires_at)`,
  sql`create table outbox (
    seq bigint generated always as identity primary key,
    meeting_id uuid not null,
    command jsonb not null,
    attempts integer not null default 0,
    created_at timestamptz not null,
    next_at timestamptz not null,
    leased_until timestamptz
  )`,
  sql`create index outbox_meeting on outbox (meeting_id, seq)`,
  sql`create table idempotency (
    user_id uuid not null,
    key text not null,
    request_hash text not null,
    response text,
    expires_at timestamptz not null,
    primary key (user_id, key)
  )`,
  sql`create index idempotency_expiry on idempotency (expires_at)`,
]

export const meetings: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
  },
}
