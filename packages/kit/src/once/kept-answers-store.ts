import { sql, type Kysely } from 'kysely'
import type { RequestKey } from './request-key.ts'

/** A service that honours keys has this in its `Tables`, as `kept_answers`, and `createKeptAnswersTable` in its migrations. */
interface KeptAnswersTable {
  id: string
  holder: string
  request_hash: string
  /** Encrypted, see `once.ts`; null while the request is under way. */
  answer: string | null
  expires_at: Date
}
export interface KeptTables {
  kept_answers: KeptAnswersTable
}
export type KeptDb = Kysely<KeptTables>

/** Answers that are kept for one caller; the oldest make room for new ones. */
export const mostKept = 1_000
const keepMs = 24 * 3_600_000
const batch = 500

/** For a migration, in the schema that is being migrated. */
export async function createKeptAnswersTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table kept_answers (
    id text primary key,
    holder text not null,
    request_hash text not null,
    answer text,
    expires_at timestamptz not null
  )`.execute(db)
  await sql`create index kept_answers_holder on kept_answers (holder, expires_at, id)`.execute(db)
  await sql`create index kept_answers_expiry on kept_answers (expires_at)`.execute(db)
}

export type KeptRow = Pick<KeptAnswersTable, 'request_hash' | 'answer'>

/** The state of a key that is still remembered. */
export const findKept = (db: KeptDb, { id }: RequestKey, at: Date): Promise<KeptRow | undefined> =>
  db
    .selectFrom('kept_answers')
    .select(['request_hash', 'answer'])
    .where('id', '=', id)
    .where('expires_at', '>', at)
    .executeTakeFirst()

/**
 * Takes a key; false if it is taken. Waits for another transaction that is taking it. The oldest keys of somebody who has too
 * many are forgotten by the same statement.
 */
export async function reserveKey(db: KeptDb, { id, holder, requestHash }: RequestKey, at: Date): Promise<boolean> {
  const row = { holder, request_hash: requestHash, answer: null, expires_at: new Date(at.getTime() + keepMs) }
  const reserved = await db
    .with('forgotten', (making) => making.deleteFrom('kept_answers').where('id', 'in', surplusOf(db, { id, holder })))
    .insertInto('kept_answers')
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row).where('kept_answers.expires_at', '<=', at))
    .returning('id')
    .executeTakeFirst()
  return reserved !== undefined
}

/** The oldest keys of somebody, so that with this one there are not too many. One statement cannot change a row twice. */
const surplusOf = (db: KeptDb, { id, holder }: Pick<KeptAnswersTable, 'id' | 'holder'>) =>
  db
    .selectFrom('kept_answers')
    .select('id')
    .where('holder', '=', holder)
    .where('id', '!=', id)
    .orderBy('expires_at', 'desc')
    .orderBy('id', 'desc')
    .offset(mostKept - 1)
    .limit(batch)
    .forUpdate()
    .skipLocked()

export async function keepAnswer(db: KeptDb, { id }: RequestKey, answer: string): Promise<void> {
  await db.updateTable('kept_answers').set({ answer }).where('id', '=', id).execute()
}

/** Forgets some of the keys that ran out before `before`; returns how many, of 500 at most. */
export async function forgetAnswers(db: KeptDb, before: Date): Promise<number> {
  const due = db.selectFrom('kept_answers').select('id').where('expires_at', '<=', before)
  const forgotten = await db
    .deleteFrom('kept_answers')
    .where('id', 'in', due.limit(batch).forUpdate().skipLocked())
    .executeTakeFirst()
  return Number(forgotten.numDeletedRows)
}
