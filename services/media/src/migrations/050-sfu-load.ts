import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The load of each Janus. A replica of the version before leaves these as they are. */
const columns = sql`
  alter table media.sfu_servers
    add column streams integer not null default 0,
    add column kbps integer not null default 0,
    add column cpu_percent real`

export const sfuLoadMigration: Migration = {
  async up(db) {
    await columns.execute(db)
  },
}
