import { readAddress } from '@parley/kit'
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Brings the addresses of accounts into their one spelling; only those outside of ASCII had another. Where another account has
 * that one already, both keep what they have: sign-in finds the former spelling too.
 */
export const addresses: Migration = {
  async up(db: Kysely<unknown>) {
    const { rows } = await sql<{ id: string; email: string }>`
      select id, email from users where octet_length(email) <> char_length(email) order by created_at, id`.execute(db)
    for (const { id, email } of rows) {
      const read = readAddress(email)
      if (!('value' in read) || read.value === email) continue
      const moved = await sql`update users set email = ${read.value} where id = ${id}
        and not exists (select 1 from users as others where others.email = ${read.value})`.execute(db)
      if ((moved.numAffectedRows ?? 0n) > 0n)
        await sql`update mail_tokens set email = ${read.value} where user_id = ${id} and email = ${email}`.execute(db)
    }
  },
}
