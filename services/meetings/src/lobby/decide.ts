import type { meetingsBus } from '@parley/contracts'
import { plainly, ProblemError, type Once } from '@parley/kit'
import type { Static } from 'typebox'
import { changing } from '../changing.ts'
import { now, type Context } from '../context.ts'
import { lockLed } from '../locked.ts'
import { isOver } from '../meeting.ts'
import { moderatedMeeting } from '../moderated.ts'
import { findEntries } from '../store/lobby.ts'
import type { Db } from '../tables.ts'
import { settleAsked } from './settle.ts'

type Decision = Static<(typeof meetingsBus.decideLobby)['input']>
/** How many it let in or sent away, and the lobby's new version if any. */
export interface Decided {
  count: number
  lv: number | null
}

/**
 * Admits or rejects one who waits, or all; answers how many that were. Deciding the same again changes nothing.
 * @throws ProblemError `forbidden`, `not-found`, `meeting-over`
 */
export async function decideLobby(
  context: Context,
  decision: Decision,
  once: Once<Decided> = plainly(),
): Promise<Decided> {
  const { meetingId, by } = decision
  await moderatedMeeting(context, meetingId, by)
  const at = now(context)
  const decided = await changing(context, meetingId, (trx) => once.in(trx, () => decideIn(trx, decision, at)))
  if (decided.lv !== null) context.tellLobby(meetingId, decided.lv)
  return decided
}

async function decideIn(trx: Db, { meetingId, by, participantId, admit }: Decision, at: Date): Promise<Decided> {
  const { meeting } = await lockLed(trx, { meetingId, by }, at)
  if (isOver(meeting.status)) throw new ProblemError('meeting-over')
  const status = admit ? 'admitted' : 'rejected'
  const which = participantId === null ? {} : { participantId }
  const settled = await settleAsked(trx, meetingId, which, { status, decided_by: by, decided_at: at })
  if (settled.count === 0 && participantId !== null) await decidedSoBefore(trx, { meetingId, participantId, status })
  return settled
}

async function decidedSoBefore(
  trx: Db,
  { meetingId, participantId, status }: { meetingId: string; participantId: string; status: string },
): Promise<void> {
  const [entry] = await findEntries(trx, meetingId, [participantId])
  if (entry?.status !== status) throw new ProblemError('not-found', 'No one with this id is in the lobby')
}
