import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The avatar in use; its bytes are with the media service. */
export const avatars: Migration = {
  async up(db) {
    await sql`alter table users add column avatar_file_id uuid`.execute(db)
  },
}
