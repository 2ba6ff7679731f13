import type { UserEventName } from '@parley/contracts'
import { now, roomBase, type Context } from '../context.ts'
import { toInvite, toReceived } from '../invites/invite.ts'
import type { InviteRow } from '../invites/tables.ts'
import { toMeeting } from '../meeting.ts'
import type { Db, MeetingRow } from '../tables.ts'
import { listAudience } from './audience.ts'
import { boxOf, boxOfInvite } from './box.ts'
import { insertUserEvents, type NewUserEvent } from './store.ts'

type Base = Pick<Context, 'config' | 'clock'>
type MeetingNews = Extract<UserEventName, `meeting.${string}`>

/** The receivers of an event beside host and cohosts: invited people, or only those who said yes. */
const toAccepted = new Set<MeetingNews>(['meeting.starting', 'meeting.started'])

/**
 * In the transaction of a change to meetings, once: writes it down for the event streams of their people. After the commit
 * call `wakeTeller`.
 */
export async function putMeetingEvents(
  trx: Db,
  context: Base,
  news: readonly { type: MeetingNews; meeting: MeetingRow }[],
): Promise<void> {
  const events: NewUserEvent[] = []
  for (const { type, meeting } of news) {
    const boxes = await listAudience(trx, meeting, toAccepted.has(type) ? ['accepted'] : ['pending', 'accepted'])
    const shown = { meeting: toMeeting(meeting, roomBase(context, meeting)) }
    const startsAt = type === 'meeting.starting' ? { startsAt: meeting.scheduled_at?.toISOString() } : {}
    events.push({ type, data: { ...shown, ...startsAt }, boxes })
  }
  await insertUserEvents(trx, events, now(context))
}

/** The same for an invite: who is invited learns of it, and of its end; who invited, of the answer. */
export async function putInviteEvent(
  trx: Db,
  context: Base,
  {
    type,
    invite,
    meeting,
  }: { type: 'invite.received' | 'invite.answered' | 'invite.revoked'; invite: InviteRow; meeting: MeetingRow },
): Promise<void> {
  const invited = boxOfInvite(invite)
  const inviters = [invite.invited_by, meeting.host_id].map((userId) => boxOf({ userId }))
  const data = {
    invite: type === 'invite.received' ? toReceived(invite, meeting, roomBase(context, meeting)) : toInvite(invite),
  }
  const boxes = type === 'invite.answered' ? [invited, ...inviters] : [invited]
  await insertUserEvents(trx, [{ type, data, boxes }], now(context))
}
