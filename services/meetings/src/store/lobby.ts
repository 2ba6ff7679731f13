import { sql } from 'kysely'
import { goodStatuses } from '../invites/store.ts'
import type { Db, MeetingRow } from '../tables.ts'
import type { LobbyRow } from '../tables-admission.ts'

/** A meeting by its id, deleted ones too, for those who wait for it. */
export const findLobbyMeeting = (db: Db, id: string): Promise<MeetingRow | undefined> =>
  db.selectFrom('meetings').selectAll().where('id', '=', id).executeTakeFirst()

/** The people in the lobby, first come first. */
export const listWaiting = (db: Db, meetingId: string): Promise<LobbyRow[]> =>
  db
    .selectFrom('lobby_entries')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('status', '=', 'waiting')
    .orderBy('asked_at')
    .orderBy('participant_id')
    .execute()

export const findEntry = (
  db: Db,
  { meetingId, userId }: { meetingId: string; userId: string },
): Promise<LobbyRow | undefined> =>
  db
    .selectFrom('lobby_entries')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('user_id', '=', userId)
    .executeTakeFirst()

export function findEntries(db: Db, meetingId: string, participantIds: readonly string[]): Promise<LobbyRow[]> {
  if (participantIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('lobby_entries')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('participant_id', 'in', participantIds)
    .execute()
}

/** How many wait in all, how many of them are guests, and how many of this kind are from here. */
export async function countPlaces(
  db: Db,
  { meetingId, guest, origin }: { meetingId: string; guest: boolean; origin: string | null },
): Promise<{ all: number; guests: number; here: number }> {
  const { all, guests, here } = await db
    .selectFrom('lobby_entries')
    .select((eb) => [
      eb.fn.countAll<number>().as('all'),
      eb.fn.countAll<number>().filterWhere('guest', '=', true).as('guests'),
      eb.fn
        .countAll<number>()
        .filterWhere((of) => of.and([of('guest', '=', guest), of('address', 'is not distinct from', origin)]))
        .as('here'),
    ])
    .where('meeting_id', '=', meetingId)
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow()
  return { all: Number(all), guests: Number(guests), here: Number(here) }
}

/** Puts somebody into the queue, in the place of what was known of them there. */
export async function putEntry(db: Db, entry: LobbyRow): Promise<void> {
  const { meeting_id: _meeting, user_id: _user, ...rest } = entry
  await db
    .insertInto('lobby_entries')
    .values(entry)
    .onConflict((conflict) => conflict.columns(['meeting_id', 'user_id']).doUpdateSet(rest))
    .execute()
}

/** These have been seen: they keep their place, and those that had lapsed are back in it. */
export async function seeEntries(db: Db, participantIds: readonly string[], at: Date): Promise<void> {
  if (participantIds.length === 0) return
  await db
    .updateTable('lobby_entries')
    .set({ seen_at: at, status: 'waiting' })
    .where('participant_id', 'in', participantIds)
    .where('status', 'in', ['waiting', 'lapsed'])
    .execute()
}

/** Ends the wait of those of a meeting that wait and that `which` names; answers them. */
export function settleEntries(
  db: Db,
  meetingId: string,
  which: { participantId?: string; userId?: string; seenBefore?: Date; freedIn?: MeetingRow },
  how: Pick<LobbyRow, 'status' | 'decided_by' | 'decided_at'>,
): Promise<LobbyRow[]> {
  const { participantId, userId, seenBefore, freedIn } = which
  let query = db
    .updateTable('lobby_entries')
    .set(how)
    .where('meeting_id', '=', meetingId)
    .where('status', '=', 'waiting')
  if (participantId !== undefined) query = query.where('participant_id', '=', participantId)
  if (userId !== undefined) query = query.where('user_id', '=', userId)
  if (seenBefore !== undefined) query = query.where('seen_at', '<=', seenBefore)
  if (freedIn !== undefined) {
    query = query.where('user_id', 'not in', removedFrom(db, meetingId))
    if (!freedIn.settings.guestsAllowed) query = query.where('guest', '=', false)
    if (freedIn.type === 'invited_only') query = query.where('user_id', 'in', belongingTo(db, meetingId))
  }
  return query.returningAll().execute()
}

const removedFrom = (db: Db, meetingId: string) =>
  db
    .selectFrom('members')
    .select('user_id')
    .where('meeting_id', '=', meetingId)
    .where((eb) => eb.or([eb('must_wait', '=', true), eb('banned_at', 'is not', null)]))

/** The people who are invited, have been in the meeting, or were let in. */
const belongingTo = (db: Db, meetingId: string) =>
  db
    .selectFrom('attendance')
    .select('user_id')
    .where('meeting_id', '=', meetingId)
    .union(
      db
        .selectFrom('members')
        .select('user_id')
        .where('meeting_id', '=', meetingId)
        .where((eb) => eb.or([eb('role', 'is not', null), eb('admitted_at', 'is not', null)])),
    )
    .union(
      db
        .selectFrom('invites')
        .select('claimed_by as user_id')
        .where('meeting_id', '=', meetingId)
        .where('claimed_by', 'is not', null)
        .where('status', 'in', goodStatuses)
        .$narrowType<{ user_id: string }>(),
    )

/** Somebody was removed from the meeting: what was decided before does not let them in any more. */
export async function removeEntry(
  db: Db,
  { meetingId, userId, by, at }: { meetingId: string; userId: string; by: string; at: Date },
): Promise<void> {
  await db
    .updateTable('lobby_entries')
    .set({ status: 'removed', decided_by: by, decided_at: at })
    .where('meeting_id', '=', meetingId)
    .where('user_id', '=', userId)
    .execute()
}

/** In the transaction of a change of the lobby, whose meeting it has locked: the new version. */
export async function countLobby(db: Db, meetingId: string): Promise<number> {
  const { lobby_version: lv } = await db
    .updateTable('meetings')
    .set({ lobby_version: sql`lobby_version + 1` })
    .where('id', '=', meetingId)
    .returning('lobby_version')
    .executeTakeFirstOrThrow()
  return lv
}

/** Meetings in whose lobby somebody has not been seen since `before`. */
export async function lobbiesToLapse(db: Db, before: Date, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('lobby_entries')
    .select('meeting_id')
    .distinct()
    .where('status', '=', 'waiting')
    .where('seen_at', '<=', before)
    .limit(limit)
    .execute()
  return rows.map((row) => row.meeting_id)
}
