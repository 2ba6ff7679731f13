import { createKeptAnswersTable } from '@parley/kit'
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Answers under the keys of clients, of every operation and encrypted; those of created meetings were kept in the clear. */
export const keptAnswers: Migration = {
  async up(db: Kysely<unknown>) {
    await createKeptAnswersTable(db)
    await sql`drop table idempotency`.execute(db)
  },
}
