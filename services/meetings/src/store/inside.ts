import type { Db } from '../tables.ts'

/** Those of these people who have been in a meeting, were let in, or spent a room token after `spentAfter`. */
export async function insideAmong(
  db: Db,
  { meetingId, userIds, spentAfter }: { meetingId: string; userIds: readonly string[]; spentAfter: Date },
): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set()
  const rows = await db
    .selectFrom('attendance')
    .select('user_id')
    .where('meeting_id', '=', meetingId)
    .where('user_id', 'in', userIds)
    .union(
      db
        .selectFrom('members')
        .select('user_id')
        .where('meeting_id', '=', meetingId)
        .where('user_id', 'in', userIds)
        .where('admitted_at', 'is not', null),
    )
    .union(
      db
        .selectFrom('room_tokens')
        .select('user_id')
        .where('meeting_id', '=', meetingId)
        .where('user_id', 'in', userIds)
        .where('used_at', '>', spentAfter),
    )
    .execute()
  return new Set(rows.map((row) => row.user_id))
}
