import { indexConcurrently, type Migrations } from '@parley/kit'
import { sql } from 'kysely'

const schema = 'chat'

/** Indexes find the messages of one person, the notices of meetings, and messages that are too old to keep. */
export const privacyMigrations: Migrations['migrations'] = {
  '005-messages-sender': indexConcurrently({ schema, name: 'messages_sender' }, sql`chat.messages (sender_id, id)`),
  '006-messages-system': indexConcurrently(
    { schema, name: 'messages_system' },
    sql`chat.messages (meeting_id) where type = 'system'`,
  ),
  '007-messages-old': indexConcurrently({ schema, name: 'messages_old' }, sql`chat.messages (sent_at)`),
}
