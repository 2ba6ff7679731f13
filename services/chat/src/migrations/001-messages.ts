import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * A counter row is rewritten with every batch: free space in its page keeps the new version there, without touching
 * the index.
 */
const counters = sql`
  create table counters (
    meeting_id uuid primary key,
    last_seq bigint not null
  ) with (fillfactor = 50)`

const messages = sql`
  create table messages (
    id uuid primary key,
    meeting_id uuid not null,
    seq bigint not null,
    type text not null,
    text text,
    sender_id uuid not null,
    sender_name text not null,
    client_message_id text collate "C" not null,
    sent_at timestamptz not null,
    edited_at timestamptz,
    deleted_at timestamptz,
    constraint messages_seq unique (meeting_id, seq),
    constraint messages_client_id unique (meeting_id, sender_id, client_message_id)
  )`

/** For pages that begin at a time. */
const byTime = sql`create index messages_time on messages (meeting_id, sent_at)`

export const messagesMigration: Migration = {
  async up(db) {
    await counters.execute(db)
    await messages.execute(db)
    await byTime.execute(db)
  },
}
