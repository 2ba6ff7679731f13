import type { Role } from '@parley/contracts'
import { now, roomBase, type Context } from './context.ts'
import { toMeeting } from './meeting.ts'
import { roleIn } from './role.ts'
import { findMembers, removedOf } from './store/members.ts'
import { enqueueCommand } from './store/outbox.ts'
import type { Db, MeetingRow } from './tables.ts'

/** In a transaction that has locked the meeting: its room is told once more how it is. */
export const tellMeeting = (trx: Db, context: Context, meeting: MeetingRow): Promise<void> =>
  enqueueCommand(
    trx,
    meeting.id,
    { kind: 'meeting-updated', meeting: toMeeting(meeting, roomBase(context, meeting)) },
    now(context),
  )

/** The same: that it is over. */
export const tellEnd = (trx: Db, { id, end_reason: reason }: MeetingRow, at: Date): Promise<void> =>
  enqueueCommand(trx, id, { kind: 'end', reason: reason ?? 'host' }, at)

/**
 * The same: what is decided on people who came into it, where that is not how they came. A removal or a new role may come while they join,
 * after the room heard of it; or the room has lost it. True if there was something.
 */
export async function tellDecisions(
  trx: Db,
  meeting: MeetingRow,
  users: readonly { userId: string; role: Role }[],
  at: Date,
): Promise<boolean> {
  const userIds = [...new Set(users.map(({ userId }) => userId))]
  const rows = await findMembers(trx, meeting.id, userIds)
  const removed = removedOf(meeting, rows)
  for (const { userId, banned } of removed)
    await enqueueCommand(trx, meeting.id, { kind: 'remove', userId, reason: banned ? 'banned' : 'removed' }, at)
  const gone = new Set(removed.map(({ userId }) => userId))
  const members = new Map(rows.map((member) => [member.user_id, member]))
  const roles = new Map<string, Role>()
  for (const { userId, role: seenAs } of users) {
    const role = roleIn(meeting, userId, { member: members.get(userId), seenAs })
    if (role !== null && role !== seenAs && !gone.has(userId)) roles.set(userId, role)
  }
  for (const [userId, role] of roles) await enqueueCommand(trx, meeting.id, { kind: 'role', userId, role }, at)
  return removed.length + roles.size > 0
}
