import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The number of a meeting's newest edit or deletion; given under the lock of the row, so without gaps. */
const counters = sql`alter table counters add column last_rev bigint not null default 0`

/** The number of a message's last change; 0: as it was sent. */
const messages = sql`alter table messages add column rev bigint not null default 0`

/** The messages changed since a number; most messages never are. */
const byRev = sql`create index messages_rev on messages (meeting_id, rev) where rev > 0`

export const changesMigration: Migration = {
  async up(db) {
    await counters.execute(db)
    await messages.execute(db)
    await byRev.execute(db)
  },
}
