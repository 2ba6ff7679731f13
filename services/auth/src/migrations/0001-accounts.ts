import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`create table users (
    id uuid primary key,
    kind text not null check (kind in ('user', 'guest')),
    email text,
    name text not null,
    username text,
    password_hash text,
    epoch integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint users_email_key unique (email),
    constraint users_username_key unique (username),
    constraint users_kind_fits check ((kind = 'guest') = (email is null))
  )`,
  sql`create index users_guests on users (created_at) where kind = 'guest'`,
  sql`create table sessions (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    user_agent text,
    address text
  )`,
  sql`create index sessions_user on sessions (user_id)`,
  sql`create index sessions_expires on sessions (expires_at)`,
  sql`create index sessions_revoked on sessions (revoked_at) where revoked_at is not null`,
  sql`create table refresh_tokens (
    hash text primary key,
    session_id uuid not null references sessions on delete cascade,
    issued_at timestamptz not null,
    used_at timestamptz,
    sealed_successor text
  )`,
  sql`create index refresh_tokens_session on refresh_tokens (session_id)`,
  sql`create index refresh_tokens_used on refresh_tokens (used_at) where used_at is not null`,
  sql`create index refresh_tokens_sealed on refresh_tokens (used_at) where sealed_successor is not null`,
  sql`create table signing_keys (
    kid text primary key,
    public_x text not null,
    private_key text not null,
    created_at timestamptz not null,
    activates_at timestamptz not null,
    retires_at timestamptz
  )`,
  sql`create unique index signing_keys_newest on signing_keys ((true)) where retires_at is null`,
  sql`create table revocations (
    seq bigint generated always as identity primary key,
    kind text not null check (kind in ('user', 'session')),
    subject_id uuid not null,
    epoch integer,
    at timestamptz not null default now()
  )`,
  sql`create index revocations_at on revocations (at)`,
]

export const accounts: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
  },
}
