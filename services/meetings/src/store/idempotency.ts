import type { Meeting } from '@parley/contracts'
import type { Db } from '../tables.ts'

export interface RequestKey {
  userId: string
  /** Hashes, see `idempotency.ts`. */
  key: string
  requestHash: string
}

export interface KeptAnswer {
  request_hash: string
  response: string | null
}

/** What was answered under a key that is still remembered. */
export const findAnswer = (db: Db, { userId, key }: RequestKey, at: Date): Promise<KeptAnswer | undefined> =>
  db
    .selectFrom('idempotency')
    .select(['request_hash', 'response'])
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .where('expires_at', '>', at)
    .executeTakeFirst()

/** Takes a key for this transaction; false if somebody has it. Waits for another transaction that is taking it. */
export async function reserveKey(
  db: Db,
  { userId, key, requestHash }: RequestKey,
  { at, until }: { at: Date; until: Date },
): Promise<boolean> {
  const reserved = await db
    .insertInto('idempotency')
    .values({ user_id: userId, key, request_hash: requestHash, response: null, expires_at: until })
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'key'])
        .doUpdateSet({ request_hash: requestHash, response: null, expires_at: until })
        .where('idempotency.expires_at', '<=', at),
    )
    .returning('key')
    .executeTakeFirst()
  return reserved !== undefined
}

export async function keepAnswer(db: Db, { userId, key }: RequestKey, response: Meeting): Promise<void> {
  await db
    .updateTable('idempotency')
    .set({ response: JSON.stringify(response) })
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .execute()
}

export async function forgetAnswers(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('idempotency').where('expires_at', '<', before).execute()
}
