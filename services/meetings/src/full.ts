import { signalingBus } from '@parley/contracts'
import { request, isProblem, ProblemError } from '@parley/kit'
import type { Context } from './context.ts'
import { countOthers } from './store/attendance.ts'
import type { MeetingRow } from './tables.ts'

/** A place may be free again by then. */
const tryAgainMs = 5_000

/**
 * Whether there is no place for somebody in the room of a meeting, by the rule of the room: people count, each once, and the host
 * always gets in. Attendance is a moment late, so where it says "full" the room itself is asked. It has the last
 * word when they come in.
 */
export async function isFull(context: Context, meeting: MeetingRow, userId: string): Promise<boolean> {
  if (meeting.host_id === userId) return false
  const limit = meeting.max_participants
  if ((await countOthers(context.db, { meetingId: meeting.id, userId, limit })) < limit) return false
  const users = await usersIn(context, meeting.id)
  return users !== null && !users.has(userId) && users.size >= limit
}

export const meetingFull = ({ max_participants: limit }: MeetingRow): ProblemError =>
  new ProblemError('meeting-full', `The meeting is full: it has room for ${limit} people`, { retryAfterMs: tryAgainMs })

/** Null when nobody can say. */
async function usersIn({ bus, log }: Context, meetingId: string): Promise<ReadonlySet<string> | null> {
  try {
    const { people } = await request(bus, signalingBus.roster, { meetingId })
    return new Set(people.map(({ userId }) => userId))
  } catch (err) {
    if (!isProblem(err)) throw err
    log.info({ err, meetingId }, 'it is not known whether a room is full; people may try to join')
    return null
  }
}
