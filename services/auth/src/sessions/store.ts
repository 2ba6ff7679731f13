import { sql } from 'kysely'
import type { Db, RefreshTokenRow, SessionRow } from '../tables.ts'

/** Part of a transaction. */
export async function insertSession(trx: Db, session: SessionRow): Promise<void> {
  await trx.insertInto('sessions').values(session).execute()
}

/** Part of a transaction. */
export async function insertRefreshToken(
  trx: Db,
  token: Pick<RefreshTokenRow, 'hash' | 'session_id' | 'issued_at'>,
): Promise<void> {
  await trx
    .insertInto('refresh_tokens')
    .values({ ...token, used_at: null, sealed_successor: null })
    .execute()
}

/** The session of a token, locked until the transaction ends: one rotation, or one logout, at a time. */
export const lockSessionOf = (trx: Db, hash: string): Promise<SessionRow | undefined> =>
  trx
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', (eb) => eb.selectFrom('refresh_tokens').select('session_id').where('hash', '=', hash))
    .forUpdate()
    .executeTakeFirst()

/** The database's clock: the time for retries is short, and two replicas may each take one of the same token. */
const databaseNow = sql<Date>`clock_timestamp()`

/** To be read after `lockSessionOf`, in a statement of its own: only then it is what the lock protects. `read_at` is when that was. */
export const readRefreshToken = (trx: Db, hash: string): Promise<(RefreshTokenRow & { read_at: Date }) | undefined> =>
  trx
    .selectFrom('refresh_tokens')
    .selectAll()
    .select(databaseNow.as('read_at'))
    .where('hash', '=', hash)
    .executeTakeFirst()

/** The session that a token, used or not, belongs to. */
export const findSessionOf = (db: Db, hash: string): Promise<Pick<SessionRow, 'id' | 'user_id'> | undefined> =>
  db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .select(['sessions.id', 'sessions.user_id'])
    .where('hash', '=', hash)
    .executeTakeFirst()

/** Whether a token, used or not, belongs to a live session of an account. */
export async function isAccountSession(db: Db, hash: string, now: Date): Promise<boolean> {
  const session = await db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('sessions.id')
    .where('hash', '=', hash)
    .where('users.kind', '=', 'user')
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', now)
    .executeTakeFirst()
  return session !== undefined
}

export interface Rotation {
  session: Pick<SessionRow, 'id' | 'expires_at'>
  hash: string
  successorHash: string
  sealedSuccessor: string
  at: Date
}

/** Spends a token for its successor. The answer kept for retries of its parent is deleted. */
export async function rotate(trx: Db, { session, hash, successorHash, sealedSuccessor, at }: Rotation): Promise<void> {
  await trx
    .updateTable('refresh_tokens')
    .set({ sealed_successor: null })
    .where('session_id', '=', session.id)
    .where('sealed_successor', 'is not', null)
    .execute()
  await trx
    .updateTable('refresh_tokens')
    .set({ used_at: databaseNow, sealed_successor: sealedSuccessor })
    .where('hash', '=', hash)
    .execute()
  await insertRefreshToken(trx, { hash: successorHash, session_id: session.id, issued_at: at })
  await trx
    .updateTable('sessions')
    .set({ last_used_at: at, expires_at: session.expires_at })
    .where('id', '=', session.id)
    .execute()
}

/** A spent token was asked with again: the time for retries begins anew. */
export async function noteRetry(trx: Db, hash: string): Promise<void> {
  await trx.updateTable('refresh_tokens').set({ used_at: databaseNow }).where('hash', '=', hash).execute()
}

/** True when this call ended it. */
export async function endSession(trx: Db, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('sessions')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** True when this call ended it; false when it is not this user's, too. */
export async function endSessionOf(trx: Db, userId: string, id: string, at: Date): Promise<boolean> {
  const owned = await trx
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('expires_at', '>', at)
    .executeTakeFirst()
  return owned !== undefined && endSession(trx, id, at)
}

/** Ends the sessions of a user, all or all but one; returns which. */
export async function endSessionsOf(trx: Db, userId: string, at: Date, except?: string): Promise<string[]> {
  const update = trx
    .updateTable('sessions')
    .set({ revoked_at: at })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
  const others = except === undefined ? update : update.where('id', '!=', except)
  return (await others.returning('id').execute()).map(({ id }) => id)
}

/** The live sessions of a user, last used first. */
export const listSessions = (db: Db, userId: string, now: Date, limit: number): Promise<SessionRow[]> =>
  db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('last_used_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
