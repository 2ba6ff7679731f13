import { indexConcurrently, type Migrations } from '@parley/kit'
import { sql } from 'kysely'

const schema = 'media'

/** All of a person is found by an index. */
export const privacyMigrations: Migrations['migrations'] = {
  '040-files-person': indexConcurrently({ schema, name: 'files_person' }, sql`media.files (owner_id, id)`),
  '041-recordings-starter': indexConcurrently(
    { schema, name: 'recordings_starter' },
    sql`media.recordings (started_by)`,
  ),
}
