import { indexConcurrently, type Migrations } from '@parley/kit'
import { sql } from 'kysely'

const schema = 'meetings'

/** An index finds the rows to sweep, however many are not due. */
export const sweeps: Migrations['migrations'] = {
  '010-due': indexConcurrently(
    { schema, name: 'meetings_due' },
    sql`meetings.meetings ((greatest(coalesce(started_at, created_at), scheduled_at)))
      where status in ('scheduled', 'waiting', 'live')`,
  ),
  '011-hosted': indexConcurrently(
    { schema, name: 'meetings_hosted' },
    sql`meetings.meetings (host_id, status, created_at desc, id desc)`,
  ),
  '012-lobby-old': indexConcurrently({ schema, name: 'lobby_entries_old' }, sql`meetings.lobby_entries (seen_at)`),
  '013-join-tokens-old': indexConcurrently({ schema, name: 'join_tokens_old' }, sql`meetings.join_tokens (expires_at)`),
}
