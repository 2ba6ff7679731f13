import type { meetingsBus } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Static } from 'typebox'
import { roomBase, type Context } from './context.ts'
import { toMeeting } from './meeting.ts'
import { arrivingMs } from './standing.ts'
import { insideAmong } from './store/inside.ts'
import { removedAmong } from './store/members.ts'
import { findMeeting } from './store/meetings.ts'

type ReadersQuery = Static<(typeof meetingsBus.readers)['input']>
type Readers = Static<(typeof meetingsBus.readers)['output']>

/**
 * A meeting as it is, and those of these users who may read its chat: `chatAccess` let them in once, they came in, and nobody removed them.
 * @throws ProblemError `not-found`
 */
export async function readersOf(context: Context, { meetingId, userIds }: ReadersQuery): Promise<Readers> {
  const row = await findMeeting(context.db, meetingId)
  if (row === undefined) throw new ProblemError('not-found', 'There is no such meeting')
  const removed = new Set((await removedAmong(context.db, meetingId, userIds)).map(({ userId }) => userId))
  const spentAfter = new Date(context.clock.now() - arrivingMs)
  const inside = await insideAmong(context.db, { meetingId, userIds, spentAfter })
  const readers = userIds.filter((userId) => userId === row.host_id || (inside.has(userId) && !removed.has(userId)))
  return { meeting: toMeeting(row, roomBase(context, row)), readers }
}
