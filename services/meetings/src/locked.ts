import type { Role } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import { leads } from './role.ts'
import { standingOf } from './standing.ts'
import { findArrival } from './store/arrival.ts'
import { lockMeeting } from './store/meetings.ts'
import type { Db, MeetingRow } from './tables.ts'

/** In a transaction: locks a meeting that is not deleted. @throws ProblemError `not-found` */
export async function lockOrThrow(trx: Db, id: string): Promise<MeetingRow> {
  const meeting = await lockMeeting(trx, id)
  if (meeting === undefined || meeting.deleted_at !== null)
    throw new ProblemError('not-found', 'There is no such meeting')
  return meeting
}

/**
 * The same for somebody who leads it. A role may have been taken back since the request was let through: what counts is the one
 * they have when it takes effect. @throws ProblemError `not-found`, `forbidden`
 */
export async function lockLed(
  trx: Db,
  { meetingId, by }: { meetingId: string; by: string },
  at: Date,
): Promise<{ meeting: MeetingRow; role: Role }> {
  const meeting = await lockOrThrow(trx, meetingId)
  const arrival = await findArrival(trx, { meetingId, userId: by, at })
  const role = arrival === undefined ? null : standingOf(arrival, at).role
  if (role === null || !leads(role)) throw new ProblemError('forbidden', 'Only the host and cohosts may do this')
  return { meeting, role }
}

/** The same for its host. @throws ProblemError `not-found`, `forbidden` */
export async function lockOwned(trx: Db, id: string, userId: string): Promise<MeetingRow> {
  const meeting = await lockOrThrow(trx, id)
  if (meeting.host_id !== userId) throw new ProblemError('forbidden', 'Only the host may do this')
  return meeting
}
