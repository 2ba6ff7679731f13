import { sql } from 'kysely'
import type { Cursor } from '../cursor.ts'
import type { Db } from '../tables.ts'
import type { GivenRole, JoinTokenRow } from '../tables-admission.ts'

export async function insertJoinToken(db: Db, token: JoinTokenRow): Promise<void> {
  await db.insertInto('join_tokens').values(token).execute()
}

/** How many of a meeting's tokens still open it. */
export async function countJoinTokens(db: Db, meetingId: string, at: Date): Promise<number> {
  const { count } = await db
    .selectFrom('join_tokens')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('meeting_id', '=', meetingId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** A token that is neither revoked nor expired, used up or not. */
export const findJoinToken = (db: Db, hash: string, at: Date): Promise<JoinTokenRow | undefined> =>
  db
    .selectFrom('join_tokens')
    .selectAll()
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst()

export async function holdsUse(db: Db, { tokenId, userId }: { tokenId: string; userId: string }): Promise<boolean> {
  const use = await db
    .selectFrom('join_token_uses')
    .select('token_id')
    .where('token_id', '=', tokenId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return use !== undefined
}

/**
 * In a transaction: takes a use for somebody who holds none yet. Answers `none` when all are taken, the token has expired or was
 * revoked: the transaction must then be undone.
 */
export async function takeUse(
  db: Db,
  { tokenId, userId, at }: { tokenId: string; userId: string; at: Date },
): Promise<'taken' | 'held' | 'none'> {
  const use = await db
    .insertInto('join_token_uses')
    .values({ token_id: tokenId, user_id: userId, used_at: at })
    .onConflict((conflict) => conflict.columns(['token_id', 'user_id']).doNothing())
    .returning('token_id')
    .executeTakeFirst()
  const held = use === undefined
  const token = await db
    .updateTable('join_tokens')
    .set({ uses_left: held ? sql`uses_left` : sql`uses_left - 1` })
    .where('id', '=', tokenId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .$if(!held, (query) => query.where('uses_left', '>', 0))
    .returning('id')
    .executeTakeFirst()
  if (token === undefined) return 'none'
  return held ? 'held' : 'taken'
}

/** Tokens that are not revoked, newest first, from `after` on. */
export function listJoinTokens(
  db: Db,
  meetingId: string,
  { after, limit }: { after: Cursor | null; limit: number },
): Promise<JoinTokenRow[]> {
  let query = db
    .selectFrom('join_tokens')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('revoked_at', 'is', null)
  if (after !== null)
    query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.at, after.id)))
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Revokes tokens of a meeting that were not revoked before; answers which. */
export async function revokeTokens(
  db: Db,
  which: { meetingId: string; tokenId?: string; createdBy?: string; role?: GivenRole },
  at: Date,
): Promise<string[]> {
  let query = db
    .updateTable('join_tokens')
    .set({ revoked_at: at })
    .where('meeting_id', '=', which.meetingId)
    .where('revoked_at', 'is', null)
  if (which.tokenId !== undefined) query = query.where('id', '=', which.tokenId)
  if (which.createdBy !== undefined) query = query.where('created_by', '=', which.createdBy)
  if (which.role !== undefined) query = query.where('role', '=', which.role)
  const rows = await query.returning('id').execute()
  return rows.map(({ id }) => id)
}

/** Takes back what these tokens gave to people who have never been in the meeting. */
export async function forgetUses(db: Db, tokenIds: readonly string[]): Promise<void> {
  if (tokenIds.length === 0) return
  await db
    .updateTable('members')
    .set({ role: null, admitted_at: null, join_token: null })
    .where('join_token', 'in', tokenIds)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('attendance')
            .select('attendance.id')
            .whereRef('attendance.meeting_id', '=', 'members.meeting_id')
            .whereRef('attendance.user_id', '=', 'members.user_id'),
        ),
      ),
    )
    .execute()
}
