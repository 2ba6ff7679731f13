import type { InviteStatus } from '@parley/contracts'
import type { Db, MeetingRow } from '../tables.ts'
import { boxOf, boxOfInvite } from './box.ts'

/** The boxes of the host, the cohosts, and those whose invite has one of these states; nobody who is banned. */
export async function listAudience(db: Db, meeting: MeetingRow, states: readonly InviteStatus[]): Promise<string[]> {
  const cohosts = await db
    .selectFrom('members')
    .select('user_id')
    .where('meeting_id', '=', meeting.id)
    .where('role', '=', 'cohost')
    .where('guest', '=', false)
    .execute()
  const invites = await db
    .selectFrom('invites')
    .selectAll()
    .where('meeting_id', '=', meeting.id)
    .where('status', 'in', states)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('members')
            .select('members.user_id')
            .whereRef('members.meeting_id', '=', 'invites.meeting_id')
            .whereRef('members.user_id', '=', 'invites.claimed_by')
            .where('members.banned_at', 'is not', null),
        ),
      ),
    )
    .execute()
  const leading = [meeting.host_id, ...cohosts.map(({ user_id: userId }) => userId)].map((userId) => boxOf({ userId }))
  return [...new Set([...leading, ...invites.map(boxOfInvite)])]
}
