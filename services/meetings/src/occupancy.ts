import type { Context } from './context.ts'
import { emptySince } from './store/attendance.ts'
import { setOccupancy } from './store/meetings.ts'
import type { Db, MeetingRow } from './tables.ts'
import { putMeetingEvents } from './user-events/put.ts'

/**
 * In a transaction that has locked a meeting which is not over: its life after its stays have changed. `came`: the times at which
 * people are known to have come, who are not all written down yet. Answers the meeting as it is then.
 */
export async function occupy(
  trx: Db,
  context: Context,
  meeting: MeetingRow,
  came: readonly string[],
): Promise<MeetingRow> {
  const first = came.length === 0 ? null : new Date(Math.min(...came.map((at) => Date.parse(at))))
  const startedAt = earlier(meeting.started_at, first)
  const empty = await emptySince(trx, meeting.id)
  // Everybody may come back to it for hours, and it is live again with the first who does.
  const status = startedAt === null ? meeting.status : empty === null ? 'live' : 'waiting'
  const after = { ...meeting, status, started_at: startedAt, empty_since: empty }
  const isNews =
    status !== meeting.status || !isSame(startedAt, meeting.started_at) || !isSame(empty, meeting.empty_since)
  if (isNews) await setOccupancy(trx, meeting.id, { status, startedAt, emptySince: empty })
  if (startedAt !== null && meeting.started_at === null && meeting.deleted_at === null)
    await putMeetingEvents(trx, context, [{ type: 'meeting.started', meeting: after }])
  return after
}

const earlier = (a: Date | null, b: Date | null): Date | null => (a === null || (b !== null && b < a) ? b : a)

const isSame = (a: Date | null, b: Date | null): boolean => a?.getTime() === b?.getTime()
