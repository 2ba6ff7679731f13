import type { Principal } from '@parley/contracts'
import { plainly, ProblemError, type Once } from '@parley/kit'
import { changing } from '../changing.ts'
import type { Context } from '../context.ts'
import { isOver } from '../meeting.ts'
import { hashOf } from '../room-token.ts'
import { findMeeting } from '../store/meetings.ts'
import type { Db, MeetingRow } from '../tables.ts'
import { putInviteEvent } from '../user-events/put.ts'
import { changeInvite, isInviteToken, lockInvite } from './store.ts'
import type { InviteRow } from './tables.ts'

interface Answering {
  inviteId: string
  /** null: only to read it. */
  status: 'accepted' | 'declined' | null
  token: string | undefined
  principal: Principal
}

export interface Answered {
  invite: InviteRow
  meeting: MeetingRow
}

/** The same for an invite of somebody else as for one that does not exist. */
export const noInvite = (): ProblemError => new ProblemError('not-found', 'There is no such invite')

/** Shows an invite to the invited person, who accepts or declines it, and to nobody else. @throws ProblemError, see the operation */
export async function answerInvite(
  context: Context,
  answering: Answering,
  once: Once<Answered> = plainly(),
): Promise<Answered> {
  const { principal, token } = answering
  const email = token === undefined && principal.kind === 'user' ? await context.addressOf(principal.userId) : null
  const answered = await changing(context, answering.inviteId, (trx) =>
    once.in(trx, () => answerIn(trx, context, { ...answering, email })),
  )
  context.wakeTeller()
  return answered
}

async function answerIn(
  trx: Db,
  context: Context,
  { inviteId, status, token, principal, email }: Answering & { email: string | null },
) {
  const invite = await lockInvite(trx, inviteId)
  if (invite === undefined || !(await isTheirs(trx, invite, { token, email, userId: principal.userId })))
    throw noInvite()
  if (invite.status === 'revoked') throw new ProblemError('wrong-state', 'This invite has been taken back')
  const meeting = await findMeeting(trx, invite.meeting_id)
  if (meeting === undefined) throw noInvite()
  if (status === null) return { invite, meeting }
  if (status === 'accepted' && isOver(meeting.status)) throw new ProblemError('meeting-over')
  const claim = { claimed_by: principal.userId, claimed_by_guest: principal.kind === 'guest' }
  const changed = await changeInvite(trx, inviteId, { status, ...claim })
  if (changed.status !== invite.status)
    await putInviteEvent(trx, context, { type: 'invite.answered', invite: changed, meeting })
  return { invite: changed, meeting }
}

/**
 * Theirs by account; or by address or by the mail itself, as long as no account has it. A guest who took it is no
 * obstacle: guests are new people on each device.
 */
async function isTheirs(
  trx: Db,
  invite: InviteRow,
  { token, email, userId }: { token: string | undefined; email: string | null; userId: string },
): Promise<boolean> {
  if (invite.claimed_by === userId) return true
  if (invite.claimed_by !== null && !invite.claimed_by_guest) return false
  if (invite.email === null) return false
  return invite.email === email || (token !== undefined && (await isInviteToken(trx, hashOf(token), invite.id)))
}
