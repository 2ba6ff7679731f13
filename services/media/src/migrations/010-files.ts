import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * `attached_to`: the message that a file belongs to, or, of an avatar in use, its owner. `lease`: who looks at the bytes now, until
 * when. A row of a deleted file stays until its bytes are gone.
 */
const files = sql`
  create table files (
    id uuid primary key,
    purpose text not null,
    owner_id uuid not null,
    meeting_id uuid,
    name text not null,
    declared_type text not null,
    content_type text,
    size_bytes bigint not null,
    part_bytes bigint not null,
    upload_id text,
    status text not null,
    refusal text,
    width integer,
    height integer,
    preview_bytes bigint,
    attached_to text,
    lease uuid,
    leased_until timestamptz,
    created_at timestamptz not null,
    touched_at timestamptz not null,
    deleted_at timestamptz
  )`

const parts = sql`
  create table file_parts (
    file_id uuid not null references files (id) on delete cascade,
    number integer not null,
    size_bytes bigint not null,
    primary key (file_id, number)
  )`

const byOwner = sql`create index files_owner on files (owner_id) where deleted_at is null`
const byMeeting = sql`create index files_meeting on files (meeting_id) where deleted_at is null and meeting_id is not null`
const due = sql`create index files_due on files (touched_at) where attached_to is null`
const deleted = sql`create index files_deleted on files (deleted_at) where deleted_at is not null`

/** The keys that sign links, so that all replicas have the same ones. */
const keys = sql`
  create table link_keys (
    key text primary key,
    created_at timestamptz not null
  )`

export const filesMigration: Migration = {
  async up(db) {
    for (const statement of [files, parts, byOwner, byMeeting, due, deleted, keys]) await statement.execute(db)
  },
}
