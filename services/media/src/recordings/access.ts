import { may, meetingsBus, signalingBus, type Meeting } from '@parley/contracts'
import { request, isProblem, ProblemError, type Bus } from '@parley/kit'
import type { Static } from 'typebox'
import { findRecording, type RecordingDb } from './store.ts'
import type { RecordingRow } from './tables.ts'

type Access = Static<(typeof meetingsBus.access)['output']>

interface AccessDeps {
  db: RecordingDb
  bus: Bus
}

/** How somebody stands to a meeting that they were in. @throws ProblemError `not-found` for everybody else */
export const accessOrThrow = ({ bus }: Pick<AccessDeps, 'bus'>, meetingId: string, userId: string): Promise<Access> =>
  request(bus, meetingsBus.access, { meetingId, userId })

const missing = () => new ProblemError('not-found', 'There is no such recording')

/** A recording of a meeting that somebody was in, and how they stand to it. @throws ProblemError `not-found` */
export async function recordingFor(
  deps: AccessDeps,
  id: string,
  userId: string,
): Promise<{ row: RecordingRow; access: Access }> {
  const row = await findRecording(deps.db, id)
  if (row === undefined) throw missing()
  try {
    return { row, access: await accessOrThrow(deps, row.meeting_id, userId) }
  } catch (error) {
    throw isProblem(error, 'not-found') ? missing() : error
  }
}

/** @throws ProblemError `forbidden` */
export function checkMayRecord({ role }: Access): void {
  if (!may(role, 'record')) throw new ProblemError('forbidden', 'Only the host and cohosts may record')
}

/** The meeting, if it may be recorded now by its settings and its state. @throws ProblemError */
export async function recordableOrThrow({ bus }: Pick<AccessDeps, 'bus'>, meetingId: string): Promise<Meeting> {
  const { meeting } = await request(bus, meetingsBus.readers, { meetingId, userIds: [] })
  if (meeting.status === 'ended' || meeting.status === 'cancelled') throw new ProblemError('meeting-over')
  if (!meeting.settings.recording)
    throw new ProblemError('forbidden', 'The settings of this meeting do not allow recording')
  // Meetings hears of who came first a moment later than the room.
  if (meeting.status !== 'live' && (await request(bus, signalingBus.roster, { meetingId })).people.length === 0)
    throw new ProblemError('wrong-state', 'A meeting can be recorded while somebody is in it')
  return meeting
}
