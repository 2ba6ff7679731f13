import { sql, type Selectable } from 'kysely'
import type { Db, Tables } from '../tables.ts'

export type ErasureRow = Selectable<Tables['erasures']>

/** In the transaction that deletes the account. */
export const insertErasure = (trx: Db, row: Omit<ErasureRow, 'passes'>) =>
  trx.insertInto('erasures').values(row).execute()

/** The account, with its sessions, tokens and identities, and the mails and answers that wait for it. */
export async function deleteAccount(trx: Db, { id, email }: { id: string; email: string | null }): Promise<void> {
  await trx.deleteFrom('kept_answers').where('holder', '=', id).execute()
  const theirs = sql<boolean>`payload ->> 'userId' = ${id} or payload ->> 'email' = ${email}`
  await trx.deleteFrom('mail_outbox').where(theirs).execute()
  await trx.deleteFrom('users').where('id', '=', id).execute()
}

/** One that is due, for this replica alone for `leaseMs`. */
export const takeErasure = (db: Db, leaseMs: number): Promise<ErasureRow | undefined> =>
  db
    .updateTable('erasures')
    .set({ due_at: later(leaseMs) })
    .where('user_id', 'in', (eb) =>
      eb
        .selectFrom('erasures')
        .select('user_id')
        .where('due_at', '<=', sql<Date>`now()`)
        .orderBy('due_at')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()

/** A pass is done: the next one is due in `waitMs`, after the last one nothing is known any more. */
export async function endPass(
  db: Db,
  { user_id: userId, passes }: ErasureRow,
  { most, waitMs }: { most: number; waitMs: number },
): Promise<void> {
  if (passes + 1 >= most) await db.deleteFrom('erasures').where('user_id', '=', userId).execute()
  else
    await db
      .updateTable('erasures')
      .set({ passes: passes + 1, due_at: later(waitMs) })
      .where('user_id', '=', userId)
      .execute()
}

/** Due again in `ms`. */
export const putOff = (db: Db, { user_id: userId }: ErasureRow, ms: number) =>
  db
    .updateTable('erasures')
    .set({ due_at: later(ms) })
    .where('user_id', '=', userId)
    .execute()

const later = (ms: number) => sql<Date>`now() + make_interval(secs => ${ms / 1000})`
