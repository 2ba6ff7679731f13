import { authBus, type invitesOperations, type Principal } from '@parley/contracts'
import { request, isProblem, newId, ProblemError, type Call, type Once } from '@parley/kit'
import { changing } from '../changing.ts'
import { now, type Context } from '../context.ts'
import { lockLed } from '../locked.ts'
import { isOver } from '../meeting.ts'
import { moderatedMeeting } from '../moderated.ts'
import type { Db, MeetingRow } from '../tables.ts'
import { putInviteEvent } from '../user-events/put.ts'
import { isGood } from './invite.ts'
import { refuseUnverified } from './inviter.ts'
import type { InviteLimit } from './limit.ts'
import { putInviteMails } from './mail-queue.ts'
import { changeInvite, countInvites, findInviteOf, insertInvite } from './store.ts'
import type { InviteRow } from './tables.ts'

const maxInvites = 1000

type Body = Call<typeof invitesOperations.createInvite>['body']
interface Inviting {
  meetingId: string
  body: Body
  principal: Principal
  once: Once<Invited>
}
export interface Invited {
  invite: InviteRow
  made: boolean
}

/** Invites a person; `made` is false for who is invited already. @throws ProblemError, see the operation */
export async function createInvite(
  context: Context,
  limit: InviteLimit,
  { meetingId, body, principal, once }: Inviting,
): Promise<Invited> {
  refuseBoth(body)
  const meeting = await moderatedMeeting(context, meetingId, principal.userId)
  if (body.userId !== undefined) await refuseUnknown(context, meeting, body.userId)
  if (body.email !== undefined) {
    await refuseUnverified(context, principal)
    await limit.takeOrThrow(principal.userId, body.email)
  }
  const by = { userId: principal.userId, name: await context.names.of(principal) }
  const draft = draftOf(meeting, { body, by, at: now(context) })
  const result = await changing(context, draft.meeting_id, (trx) => once.in(trx, () => inviteIn(trx, context, draft)))
  context.wakeMail()
  context.wakeTeller()
  return result
}

async function inviteIn(trx: Db, context: Context, draft: InviteRow): Promise<Invited> {
  // One after the other per meeting: nobody is invited twice.
  const whose = { meetingId: draft.meeting_id, by: draft.invited_by }
  const { meeting } = await lockLed(trx, whose, draft.created_at)
  if (isOver(meeting.status)) throw new ProblemError('meeting-over')
  const before = await findInviteOf(trx, draft)
  if (before !== undefined && isGood(before)) return { invite: before, made: false }
  if ((await countInvites(trx, draft.meeting_id)) >= maxInvites)
    throw new ProblemError('wrong-state', `A meeting has at most ${maxInvites} invites`)
  const invite = before === undefined ? await insertInvite(trx, draft) : await renew(trx, before, draft)
  if (invite.email !== null) await putInviteMails(trx, 'invited', { inviteIds: [invite.id], at: draft.created_at })
  await putInviteEvent(trx, context, { type: 'invite.received', invite, meeting })
  return { invite, made: true }
}

/** A person who declined, or whose invite was taken back, is asked again; a guest who once held the mail is nobody any more. */
function renew(trx: Db, before: InviteRow, draft: InviteRow): Promise<InviteRow> {
  const { status, message, invited_by, invited_by_name, created_at } = draft
  const change = { status, message, invited_by, invited_by_name, created_at }
  const claim = before.claimed_by_guest ? { claimed_by: null, claimed_by_guest: false } : {}
  return changeInvite(trx, before.id, { ...change, ...claim })
}

function draftOf(
  meeting: MeetingRow,
  { body, by, at }: { body: Body; by: Pick<Principal, 'userId' | 'name'>; at: Date },
): InviteRow {
  return {
    id: newId(),
    meeting_id: meeting.id,
    meeting_created_at: meeting.created_at,
    email: body.email ?? null,
    user_id: body.userId ?? null,
    status: 'pending',
    message: body.message ?? null,
    invited_by: by.userId,
    invited_by_name: by.name,
    claimed_by: body.userId ?? null,
    claimed_by_guest: false,
    created_at: at,
  }
}

function refuseBoth({ email, userId }: Body): void {
  if ((email === undefined) === (userId === undefined))
    throw new ProblemError('invalid-input', 'Give either email or userId', {
      errors: [{ path: '', message: 'must have exactly one of email and userId' }],
    })
}

async function refuseUnknown({ bus }: Context, meeting: MeetingRow, userId: string): Promise<void> {
  if (userId === meeting.host_id) throw new ProblemError('wrong-state', 'The host needs no invite')
  try {
    await request(bus, authBus.account, { userId })
  } catch (error) {
    if (!isProblem(error, 'not-found')) throw error
    throw new ProblemError('invalid-input', undefined, { errors: [{ path: '/userId', message: 'is no account' }] })
  }
}
