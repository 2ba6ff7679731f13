import { prepared } from '@parley/kit'
import type { Db, RoomTokenRow } from '../tables.ts'

export async function insertRoomToken(db: Db, token: Omit<RoomTokenRow, 'used_at' | 'attempt'>): Promise<void> {
  await db
    .insertInto('room_tokens')
    .values({ ...token, used_at: null, attempt: null })
    .execute()
}

interface Spending {
  hash: string
  userId: string
  /** Null matches no attempt. */
  attempt: string | null
  at: Date
}

const spent = prepared('meetings.spend-room-token', (db: Db, { hash, userId, attempt, at }: Spending) =>
  db
    .updateTable('room_tokens')
    .set({ used_at: at, attempt })
    .where('hash', '=', hash)
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('used_at', 'is', null), eb('attempt', '=', attempt)]))
    .where('expires_at', '>', at)
    .returning(['hash', 'meeting_id', 'user_id', 'participant_id', 'name', 'role', 'guest', 'admission'])
    .returning(['expires_at', 'used_at', 'attempt', 'by_code', 'passcode_hash']),
)

/**
 * Spends a token in one step, so that of many who try one gets it; the attempt that spent it gets it again. Another person does not spend it.
 */
export const spendRoomToken = async (db: Db, spending: Spending): Promise<RoomTokenRow | undefined> =>
  (await spent(db, spending)).at(0)

/** The token as it is, though it may be spent, too old, or another person's. */
export const findRoomToken = (
  db: Db,
  hash: string,
): Promise<Pick<RoomTokenRow, 'meeting_id' | 'user_id' | 'expires_at'> | undefined> =>
  db
    .selectFrom('room_tokens')
    .select(['meeting_id', 'user_id', 'expires_at'])
    .where('hash', '=', hash)
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
