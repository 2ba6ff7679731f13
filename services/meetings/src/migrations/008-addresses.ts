import { readAddress } from '@parley/kit'
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Brings the addresses of invites into their one spelling; only those outside of ASCII had another. Where a meeting has an
 * invite to that one already, the other stays as it is: its mail still leads in.
 */
export const addresses: Migration = {
  async up(db: Kysely<unknown>) {
    const { rows } = await sql<{ id: string; meeting_id: string; email: string }>`
      select id, meeting_id, email from invites where octet_length(email) <> char_length(email) order by created_at, id`.execute(
      db,
    )
    for (const { id, meeting_id: meetingId, email } of rows) {
      const read = readAddress(email)
      if (!('value' in read) || read.value === email) continue
      await sql`update invites set email = ${read.value} where id = ${id} and not exists
        (select 1 from invites as others where others.meeting_id = ${meetingId} and others.email = ${read.value})`.execute(
        db,
      )
    }
  },
}
