import type { meetingsBus } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
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

/**
 * Admits or rejects one who waits, or all; answers how many that were. Deciding the same again changes nothing.
 * @throws ProblemError `forbidden`, `not-found`, `meeting-over`
 */
export async function decideLobby(context: Context, decision: Decision): Promise<{ count: number }> {
  const { meetingId, by } = decision
  await moderatedMeeting(context, meetingId, by)
  const at = now(context)
  const { count, lv } = await changing(context, meetingId, (trx) => decideIn(trx, decision, at))
  if (lv !== null) context.tellLobby(meetingId, lv)
  return { count }
}

async function decideIn(
  trx: Db,
  { meetingId, by, participantId, admit }: Decision,
  at: Date,
): Promise<{ count: number; lv: number | null }> {
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
  if (entry?.status !== status) throw new ProblemError('not-found', 'Nobody waits under this id')
}
