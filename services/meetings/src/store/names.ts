import type { Db } from '../tables.ts'

/** An account was called `before`. */
export interface Renaming {
  userId: string
  before: string
  name: string
}

/** The copies that nobody has to be told of. */
export async function renameEverywhere(db: Db, { userId, before, name }: Renaming): Promise<void> {
  await db
    .updateTable('meetings')
    .set({ host_name: name })
    .where('host_id', '=', userId)
    .where('host_name', '=', before)
    .execute()
  await db
    .updateTable('invites')
    .set({ invited_by_name: name })
    .where('invited_by', '=', userId)
    .where('invited_by_name', '=', before)
    .execute()
  for (const table of ['members', 'room_tokens'] as const)
    await db.updateTable(table).set({ name }).where('user_id', '=', userId).where('name', '=', before).execute()
}

/** Meetings in which somebody is shown under that name now: in the room of one that is live, or in a lobby. */
export async function meetingsOfName(db: Db, { userId, before }: Renaming): Promise<string[]> {
  const rows = await db
    .selectFrom('attendance')
    .innerJoin('meetings', 'meetings.id', 'attendance.meeting_id')
    .select('meeting_id')
    .where('user_id', '=', userId)
    .where('attendance.name', '=', before)
    .where('meetings.status', '=', 'live')
    .union(
      db
        .selectFrom('lobby_entries')
        .select('meeting_id')
        .where('user_id', '=', userId)
        .where('name', '=', before)
        .where('status', '=', 'waiting'),
    )
    .execute()
  return rows.map((row) => row.meeting_id)
}

/** The stays of a live meeting; whether there were any. */
export async function renameStays(trx: Db, meetingId: string, { userId, before, name }: Renaming): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('attendance')
    .set({ name })
    .where('meeting_id', '=', meetingId)
    .where('user_id', '=', userId)
    .where('name', '=', before)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The place in the queue; whether there was one. */
export async function renameInLobby(trx: Db, meetingId: string, { userId, before, name }: Renaming): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('lobby_entries')
    .set({ name })
    .where('meeting_id', '=', meetingId)
    .where('user_id', '=', userId)
    .where('name', '=', before)
    .where('status', '=', 'waiting')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
