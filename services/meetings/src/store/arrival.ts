import { sql } from 'kysely'
import type { Db, MeetingRow } from '../tables.ts'
import type { MemberRow } from '../tables-admission.ts'

/** What decides how somebody comes into a meeting, as of one moment. */
export interface Arrival {
  meeting: MeetingRow
  member: Pick<MemberRow, 'role' | 'guest' | 'admitted_at' | 'must_wait' | 'banned_at'> | undefined
  /** They wait in the lobby. */
  waits: boolean
  /** A removal of theirs waits to be told to the room. */
  leaves: boolean
}

/** Undefined when there is no such meeting, or not any more. One query: everybody who joins asks it. */
export async function findArrival(
  db: Db,
  { meetingId, userId }: { meetingId: string; userId: string },
): Promise<Arrival | undefined> {
  const row = await db
    .selectFrom('meetings')
    .leftJoin('members as member', (join) =>
      join.onRef('member.meeting_id', '=', 'meetings.id').on('member.user_id', '=', userId),
    )
    .selectAll('meetings')
    .select(['member.user_id as member_id', 'member.role', 'member.guest'])
    .select(['member.admitted_at', 'member.must_wait', 'member.banned_at'])
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('lobby_entries')
            .select('user_id')
            .where('meeting_id', '=', meetingId)
            .where('user_id', '=', userId)
            .where('status', '=', 'waiting'),
        )
        .as('waits'),
      eb
        .exists(
          eb
            .selectFrom('outbox')
            .select('seq')
            .where('meeting_id', '=', meetingId)
            .where(sql`command ->> 'kind'`, '=', 'remove')
            .where(sql`command ->> 'userId'`, '=', userId),
        )
        .as('leaves'),
    ])
    .where('meetings.id', '=', meetingId)
    .where('meetings.deleted_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { member_id: memberId, role, guest, admitted_at, must_wait, banned_at, waits, leaves, ...meeting } = row
  const member =
    memberId === null
      ? undefined
      : { role, guest: guest === true, admitted_at, must_wait: must_wait === true, banned_at }
  return { meeting, member, waits: waits === true, leaves: leaves === true }
}
