import { json, newId } from '@parley/kit'
import { isOver } from '../meeting.ts'
import type { Db, MeetingRow } from '../tables.ts'
import { dropUntried, insertMails, listMailed } from './store.ts'

/** What a mail about an invite says; all else is read when it is sent, so that it is never out of date. */
export interface InviteMail {
  kind: 'invited' | 'changed' | 'cancelled'
  inviteId: string
}

const maxMails = 1000
/** A host who edits several times sends one mail. */
const changedAfterMs = 30_000

/** In a transaction: puts mails about invites into the outbox. After the commit call `wakeMail`. */
export async function putInviteMails(
  trx: Db,
  kind: InviteMail['kind'],
  { inviteIds, at }: { inviteIds: readonly string[]; at: Date },
): Promise<void> {
  if (inviteIds.length === 0) return
  // All say how it is when they are sent: what has not been tried yet would say the same.
  if (kind === 'changed') await dropUntried(trx, kind, inviteIds)
  const dueAt = new Date(at.getTime() + (kind === 'changed' ? changedAfterMs : 0))
  const rows = inviteIds.map((inviteId) => ({
    id: newId(),
    payload: json<unknown>({ kind, inviteId } satisfies InviteMail),
    created_at: at,
    due_at: dueAt,
  }))
  await insertMails(trx, rows)
}

/**
 * In the transaction that changes, cancels or deletes a meeting: lets those know who were invited by mail, if it
 * concerns their calendars. After the commit call `wakeMail`.
 */
export async function tellInvited(
  trx: Db,
  { before, after, at }: { before: MeetingRow; after: MeetingRow; at: Date },
): Promise<void> {
  const kind = newsOf(before, after)
  if (kind === null) return
  const invites = await listMailed(trx, after.id, maxMails)
  await putInviteMails(trx, kind, { inviteIds: invites.map(({ id }) => id), at })
}

/** What a change means to who has the meeting in a calendar. */
export function newsOf(before: MeetingRow, after: MeetingRow): 'changed' | 'cancelled' | null {
  if (isOver(before.status) || before.deleted_at !== null) return null
  if (after.status === 'cancelled' || after.deleted_at !== null) return 'cancelled'
  if (isOver(after.status) || (before.scheduled_at === null && after.scheduled_at === null)) return null
  const same =
    before.scheduled_at?.getTime() === after.scheduled_at?.getTime() &&
    before.duration_minutes === after.duration_minutes &&
    before.time_zone === after.time_zone &&
    before.title === after.title &&
    before.description === after.description
  return same ? null : 'changed'
}
