import { ProblemError } from '@parley/kit'
import type { Context } from './context.ts'
import { belongsTo, meetingFor } from './read.ts'
import { leads } from './role.ts'
import type { MeetingRow } from './tables.ts'

/**
 * A meeting that one leads, as host or cohost. @throws ProblemError `forbidden` for others who belong to it,
 * `not-found` for the rest
 */
export async function moderatedMeeting(context: Context, id: string, userId: string): Promise<MeetingRow> {
  const seen = await meetingFor(context, id, userId)
  if (leads(seen.role)) return seen.meeting
  if (await belongsTo(context, seen, userId))
    throw new ProblemError('forbidden', 'Only the host and cohosts may do this')
  throw new ProblemError('not-found', 'There is no such meeting')
}
