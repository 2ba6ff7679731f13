import type { meetingsBus } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Static } from 'typebox'
import { now, type Context } from '../context.ts'
import { isOver } from '../meeting.ts'
import { moderatedMeeting } from '../moderated.ts'
import { leads, roleNow } from '../role.ts'
import { countLobby, findEntries, settleEntries } from '../store/lobby.ts'
import { admitMembers } from '../store/members.ts'
import { lockMeeting } from '../store/meetings.ts'
import { dropRemovals } from '../store/outbox.ts'
import type { Db } from '../tables.ts'

type Decision = Static<(typeof meetingsBus.decideLobby)['input']>

/**
 * Admits or rejects one who waits, or all; answers how many that were. Deciding the same again changes nothing.
 * @throws ProblemError `forbidden`, `not-found`, `meeting-over`
 */
export async function decideLobby(context: Context, decision: Decision): Promise<{ count: number }> {
  const { meetingId, by } = decision
  await moderatedMeeting(context, meetingId, by)
  const at = now(context)
  const { count, lv } = await context.db.transaction().execute((trx) => decideIn(trx, decision, at))
  if (lv !== null) context.tellLobby(meetingId, lv)
  return { count }
}

async function decideIn(
  trx: Db,
  { meetingId, by, participantId, admit }: Decision,
  at: Date,
): Promise<{ count: number; lv: number | null }> {
  const meeting = await lockMeeting(trx, meetingId)
  if (meeting === undefined || isOver(meeting.status)) throw new ProblemError('meeting-over')
  if (!leads(await roleNow(trx, meeting, by, at)))
    throw new ProblemError('forbidden', 'Only the host and co-hosts may do this')
  const status = admit ? 'admitted' : 'rejected'
  const which = participantId === null ? {} : { participantId }
  const settled = await settleEntries(trx, meetingId, which, { status, decided_by: by, decided_at: at })
  if (settled.length === 0) {
    if (participantId !== null) await decidedSoBefore(trx, { meetingId, participantId, status })
    return { count: 0, lv: null }
  }
  const people = settled.map(({ user_id: userId, name, guest }) => ({ meetingId, userId, name, guest }))
  if (admit) {
    await admitMembers(trx, people, at)
    await dropRemovals(
      trx,
      meetingId,
      people.map(({ userId }) => userId),
    )
  }
  return { count: settled.length, lv: await countLobby(trx, meetingId) }
}

async function decidedSoBefore(
  trx: Db,
  { meetingId, participantId, status }: { meetingId: string; participantId: string; status: string },
): Promise<void> {
  const [entry] = await findEntries(trx, meetingId, [participantId])
  if (entry?.status !== status) throw new ProblemError('not-found', 'Nobody waits under this id')
}
