import type { Move as MoveFact } from '../fact.ts'
import type { AttendanceRow, Db, MeetingRow } from '../tables.ts'
import type { Move } from './stats.ts'

/** Writes down comings and goings. May be repeated. */
export async function keepMoves(db: Db, meeting: MeetingRow, facts: readonly MoveFact[]): Promise<void> {
  if (facts.length === 0) return
  await db
    .insertInto('moves')
    .values(
      facts.map(({ id, participantId, kind, at }) => ({
        fact_id: id,
        meeting_id: meeting.id,
        participant_id: participantId,
        kind,
        at: new Date(at),
      })),
    )
    .onConflict((conflict) => conflict.column('fact_id').doNothing())
    .execute()
}

/** Writes down who has been there. May be repeated. */
export async function keepVisits(db: Db, meeting: MeetingRow, people: readonly { userId: string }[]): Promise<void> {
  if (people.length === 0) return
  const users = [...new Set(people.map(({ userId }) => userId))]
  await db
    .insertInto('visits')
    .values(users.map((id) => ({ user_id: id, meeting_id: meeting.id, meeting_created_at: meeting.created_at })))
    .onConflict((conflict) => conflict.columns(['user_id', 'meeting_id']).doNothing())
    .execute()
}

/** The first stays of a meeting. */
export const listStays = (db: Db, meetingId: string, limit: number): Promise<AttendanceRow[]> =>
  db
    .selectFrom('attendance')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .orderBy('joined_at')
    .limit(limit)
    .execute()

/** The first comings and goings of a meeting. */
export const listMoves = (db: Db, meetingId: string, limit: number): Promise<Move[]> =>
  db
    .selectFrom('moves')
    .select(['participant_id', 'kind', 'at'])
    .where('meeting_id', '=', meetingId)
    .orderBy('at')
    .limit(limit)
    .execute()
