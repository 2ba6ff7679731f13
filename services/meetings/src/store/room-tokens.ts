import type { Db, RoomTokenRow } from '../tables.ts'

export async function insertRoomToken(db: Db, token: Omit<RoomTokenRow, 'used_at' | 'attempt'>): Promise<void> {
  await db
    .insertInto('room_tokens')
    .values({ ...token, used_at: null, attempt: null })
    .execute()
}

/**
 * Spends a token in one step, so that of many who try one gets it; the attempt that spent it gets it again. Another person does not spend it.
 */
export const spendRoomToken = (
  db: Db,
  { hash, userId, attempt, at }: { hash: string; userId: string; attempt: string | null; at: Date },
): Promise<RoomTokenRow | undefined> =>
  db
    .updateTable('room_tokens')
    .set({ used_at: at, attempt })
    .where('hash', '=', hash)
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('used_at', 'is', null), ...(attempt === null ? [] : [eb('attempt', '=', attempt)])]))
    .where('expires_at', '>', at)
    .returningAll()
    .executeTakeFirst()

/** Kills the tokens of somebody for a meeting, used or not. */
export async function killRoomTokens(
  db: Db,
  { meetingId, userId }: { meetingId: string; userId: string },
): Promise<void> {
  await db.deleteFrom('room_tokens').where('meeting_id', '=', meetingId).where('user_id', '=', userId).execute()
}

/** Forgets tokens that ran out before `before`. */
export async function forgetRoomTokens(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('room_tokens').where('expires_at', '<', before).execute()
}
