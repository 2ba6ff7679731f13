import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** From where somebody waits, as a hash: the places of a lobby are shared between addresses. */
export const lobbyAddress: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table lobby_entries add column address text`.execute(db)
  },
}
