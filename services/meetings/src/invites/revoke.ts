import { isProblem } from '@parley/kit'
import { changing } from '../changing.ts'
import { now, type Context } from '../context.ts'
import { lockLed } from '../locked.ts'
import { moderatedMeeting } from '../moderated.ts'
import type { Db } from '../tables.ts'
import { putInviteEvent } from '../user-events/put.ts'
import { noInvite } from './answer.ts'
import { isGood } from './invite.ts'
import { putInviteMails } from './mail-queue.ts'
import { changeInvite, findInvite, forgetInviteTokens, lockInvite } from './store.ts'
import type { InviteRow } from './tables.ts'

/** Takes an invite back; one that was taken back is answered as it is. @throws ProblemError `not-found`, `forbidden` */
export async function revokeInvite(context: Context, inviteId: string, userId: string): Promise<InviteRow> {
  const invite = await findInvite(context.db, inviteId)
  if (invite === undefined) throw noInvite()
  await moderatedMeeting(context, invite.meeting_id, userId).catch((error: unknown) => {
    throw isProblem(error, 'not-found') ? noInvite() : error
  })
  const revoked = await changing(context, inviteId, (trx) => revokeIn(trx, context, { invite, by: userId }))
  context.wakeMail()
  context.wakeTeller()
  return revoked
}

async function revokeIn(
  trx: Db,
  context: Context,
  { invite: { id: inviteId, meeting_id: meetingId }, by }: { invite: InviteRow; by: string },
): Promise<InviteRow> {
  const at = now(context)
  const { meeting } = await lockLed(trx, { meetingId, by }, at)
  const invite = await lockInvite(trx, inviteId)
  if (invite === undefined) throw noInvite()
  if (invite.status === 'revoked') return invite
  await forgetInviteTokens(trx, inviteId)
  if (invite.email !== null && isGood(invite)) await putInviteMails(trx, 'cancelled', { inviteIds: [inviteId], at })
  const revoked = await changeInvite(trx, inviteId, { status: 'revoked' })
  await putInviteEvent(trx, context, { type: 'invite.revoked', invite: revoked, meeting })
  return revoked
}
