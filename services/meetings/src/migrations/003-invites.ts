import { createMailOutboxTable } from '@parley/kit'
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`create table invites (
    id uuid primary key,
    meeting_id uuid not null references meetings,
    meeting_created_at timestamptz not null,
    email text,
    user_id uuid,
    status text not null check (status in ('pending', 'accepted', 'declined', 'revoked')),
    message text,
    invited_by uuid not null,
    invited_by_name text not null,
    claimed_by uuid,
    claimed_by_guest boolean not null default false,
    created_at timestamptz not null,
    constraint invites_whom check ((email is null) <> (user_id is null)),
    constraint invites_email unique (meeting_id, email),
    constraint invites_user unique (meeting_id, user_id)
  )`,
  sql`create index invites_meeting on invites (meeting_id, created_at desc, id desc)`,
  sql`create index invites_mine on invites (claimed_by, created_at desc, id desc)`,
  sql`create index invites_listing on invites (claimed_by, meeting_created_at desc, meeting_id desc)
    where status in ('pending', 'accepted')`,
  sql`create index invites_email_all on invites (email) where email is not null`,
  sql`create table invite_tokens (
    hash text primary key,
    invite_id uuid not null references invites on delete cascade
  )`,
  sql`create index invite_tokens_invite on invite_tokens (invite_id)`,
  sql`create table visits (
    user_id uuid not null,
    meeting_id uuid not null references meetings,
    meeting_created_at timestamptz not null,
    primary key (user_id, meeting_id)
  )`,
  sql`create index visits_listing on visits (user_id, meeting_created_at desc, meeting_id desc)`,
  sql`insert into visits
    select distinct attendance.user_id, meetings.id, meetings.created_at
    from attendance join meetings on meetings.id = attendance.meeting_id`,
  sql`create table moves (
    fact_id uuid primary key,
    meeting_id uuid not null references meetings,
    participant_id uuid not null,
    kind text not null check (kind in ('joined', 'left')),
    at timestamptz not null
  )`,
  sql`create index moves_meeting on moves (meeting_id, at)`,
]

/** Invites and their mails, who has been in which meeting, and every coming and going for the statistics. */
export const invites: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
    await createMailOutboxTable(db)
    await sql`create index mail_outbox_invite on mail_outbox ((payload->>'inviteId'))`.execute(db)
  },
}
