import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`alter table meetings add column room_seq integer not null default 0`,
  // Tokens of before were judged when they were made, and last two minutes.
  sql`alter table room_tokens add column by_code boolean not null default true, add column passcode_hash text`,
  sql`update room_tokens set passcode_hash = meetings.passcode_hash from meetings where meetings.id = room_tokens.meeting_id`,
  sql`alter table members add column join_token uuid references join_tokens`,
  sql`create index members_join_token on members (join_token) where join_token is not null`,
  sql`alter table join_tokens add column created_by_name text not null default ''`,
  sql`update join_tokens set created_by_name = coalesce(
    (select name from members where members.meeting_id = join_tokens.meeting_id and members.user_id = join_tokens.created_by),
    (select host_name from meetings where meetings.id = join_tokens.meeting_id and meetings.host_id = join_tokens.created_by),
    '')`,
  sql`create index join_tokens_maker on join_tokens (meeting_id, created_by) where revoked_at is null`,
]

/** Numbers of the commands to rooms; what a room token was given for; who made a join token, and who came by it. */
export const numbers: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
  },
}
