import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`alter table meetings add column lobby_version integer not null default 0`,
  sql`alter table room_tokens add column admission text not null default 'enter' check (admission in ('enter', 'wait'))`,
  sql`create table members (
    meeting_id uuid not null references meetings,
    user_id uuid not null,
    name text not null,
    guest boolean not null,
    role text check (role in ('cohost', 'participant', 'guest')),
    admitted_at timestamptz,
    must_wait boolean not null default false,
    banned_at timestamptz,
    banned_by uuid,
    primary key (meeting_id, user_id)
  )`,
  sql`create index members_banned on members (meeting_id, banned_at desc, user_id desc) where banned_at is not null`,
  sql`create table lobby_entries (
    meeting_id uuid not null references meetings,
    user_id uuid not null,
    participant_id uuid not null constraint lobby_entries_participant unique,
    name text not null,
    guest boolean not null,
    asked_at timestamptz not null,
    seen_at timestamptz not null,
    status text not null check (status in ('waiting', 'admitted', 'rejected', 'removed', 'left', 'lapsed')),
    decided_by uuid,
    decided_at timestamptz,
    primary key (meeting_id, user_id)
  )`,
  sql`create index lobby_entries_seen on lobby_entries (seen_at) where status = 'waiting'`,
  sql`create table join_tokens (
    id uuid primary key,
    meeting_id uuid not null references meetings,
    hash text not null constraint join_tokens_hash unique,
    role text not null check (role in ('cohost', 'participant', 'guest')),
    uses integer not null,
    uses_left integer not null check (uses_left >= 0),
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
  )`,
  sql`create index join_tokens_meeting on join_tokens (meeting_id, created_at desc, id desc) where revoked_at is null`,
  sql`create table join_token_uses (
    token_id uuid not null references join_tokens,
    user_id uuid not null,
    used_at timestamptz not null,
    primary key (token_id, user_id)
  )`,
]

/** Durable roles, admissions and bans, the lobby, and join tokens. */
export const admission: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
  },
}
