import type { Context } from './context.ts'

/** Which of these meetings are deleted, or were never there. */
export async function deletedOf(
  { db }: Context,
  { meetingIds }: { meetingIds: string[] },
): Promise<{ deleted: string[] }> {
  if (meetingIds.length === 0) return { deleted: [] }
  const rows = await db
    .selectFrom('meetings')
    .select('id')
    .where('id', 'in', meetingIds)
    .where('deleted_at', 'is', null)
    .execute()
  const there = new Set(rows.map(({ id }) => id))
  return { deleted: meetingIds.filter((id) => !there.has(id)) }
}
