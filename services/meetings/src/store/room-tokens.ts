import type { Role } from '@parley/contracts'
import type { Db, RoomTokenRow } from '../tables.ts'

export async function insertRoomToken(db: Db, token: Omit<RoomTokenRow, 'used_at' | 'attempt'>): Promise<void> {
  await db
    .insertInto('room_tokens')
    .values({ ...token, used_at: null, attempt: null })
    .execute()
}

/**
 * Spends a token in one step, so that of many who try one gets it; the attempt that spent it gets it again. Whoever it was
 * not issued to does not spend it.
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

/** How somebody stands to a meeting by having been in it, or by having been let in. */
export interface Standing {
  /** Has been in it, or is on the way in with a spent token; not who only waited. */
  entered: boolean
  /** Entered, or holds a room token that is still good. */
  belongs: boolean
  /** As last shown in the meeting; null for who does not belong. */
  name: string | null
  role: Role | null
  /** As far as that tells. */
  guest: boolean
}

/** What the meeting knows of a user, by the newest stay, else by the newest room token. */
export async function standingOf(
  db: Db,
  { meetingId, userId, at }: { meetingId: string; userId: string; at: Date },
): Promise<Standing> {
  const stay = await db
    .selectFrom('attendance')
    .select(['name', 'role'])
    .where('user_id', '=', userId)
    .where('meeting_id', '=', meetingId)
    .orderBy('joined_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (stay !== undefined) return { entered: true, belongs: true, ...stay, guest: stay.role === 'guest' }
  const token = await db
    .selectFrom('room_tokens')
    .select(['name', 'role', 'used_at', 'admission', 'guest'])
    .where('user_id', '=', userId)
    .where('meeting_id', '=', meetingId)
    .where((eb) => eb.or([eb('used_at', 'is not', null), eb('expires_at', '>', at)]))
    .orderBy((eb) => eb('used_at', 'is', null))
    .orderBy('expires_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (token === undefined) return { entered: false, belongs: false, name: null, role: null, guest: false }
  const entered = token.used_at !== null && token.admission === 'enter'
  return { entered, belongs: true, name: token.name, role: token.role, guest: token.guest }
}

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
