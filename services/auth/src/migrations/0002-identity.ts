import { createMailOutboxTable } from '@parley/kit'
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`alter table users
    add column email_verified_at timestamptz,
    add column password_version integer not null default 0,
    add column guest_key text,
    add constraint users_guest_key_key unique (guest_key)`,
  sql`create index users_kept_guests on users (updated_at) where guest_key is not null`,
  sql`create table identities (
    issuer text not null,
    subject text not null,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null,
    primary key (issuer, subject)
  )`,
  sql`create index identities_user on identities (user_id)`,
  sql`create table mail_tokens (
    user_id uuid not null references users on delete cascade,
    purpose text not null check (purpose in ('reset', 'verify')),
    hash text not null unique,
    email text not null,
    expires_at timestamptz not null,
    primary key (user_id, purpose)
  )`,
  sql`create index mail_tokens_expires on mail_tokens (expires_at)`,
]

/** Verified addresses, identities at providers, tokens in mails, the outbox of mails, guests that come back. */
export const identity: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
    await createMailOutboxTable(db)
  },
}
