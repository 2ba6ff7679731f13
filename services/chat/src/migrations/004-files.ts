import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The file of a message as media described it when it was sent. */
const messages = sql`alter table messages add column file jsonb`

/** Files of deleted messages that media has not been told of yet. */
const toDrop = sql`create index messages_files_to_drop on messages (deleted_at) where deleted_at is not null and file is not null`

export const filesMigration: Migration = {
  async up(db) {
    await messages.execute(db)
    await toDrop.execute(db)
  },
}
