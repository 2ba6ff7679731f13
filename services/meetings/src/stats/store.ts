import type { Move as MoveFact } from '../fact.ts'
import type { AttendanceRow, Db, MeetingRow } from '../tables.ts'
import type { Move } from './stats.ts'

/** Writes down comings and goings, and who has been there, in one statement. May be repeated. */
export async function keepStats(
  db: Db,
  meeting: MeetingRow,
  { moves, users }: { moves: readonly MoveFact[]; users: readonly { userId: string }[] },
): Promise<void> {
  const visits = visitsOf(db, meeting, users)
  if (moves.length === 0) await visits?.execute()
  else if (visits === null) await movesOf(db, meeting, moves).execute()
  else
    await db
      .with('kept', () => movesOf(db, meeting, moves))
      .with('visited', () => visits)
      .selectNoFrom((eb) => eb.lit(1).as('done'))
      .execute()
}

const movesOf = (db: Db, meeting: MeetingRow, facts: readonly MoveFact[]) =>
  db
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

function visitsOf(db: Db, meeting: MeetingRow, users: readonly { userId: string }[]) {
  if (users.length === 0) return null
  const ids = [...new Set(users.map(({ userId }) => userId))]
  return db
    .insertInto('visits')
    .values(ids.map((id) => ({ user_id: id, meeting_id: meeting.id, meeting_created_at: meeting.created_at })))
    .onConflict((conflict) => conflict.columns(['user_id', 'meeting_id']).doNothing())
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
