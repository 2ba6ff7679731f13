import { json, newId } from '@parley/kit'
import { isOver } from '../meeting.ts'
import type { Db, MeetingRow } from '../tables.ts'
import { insertMails, listMailed, listUntried } from './store.ts'

/** The content of a mail about an invite; all else is read when it is sent, so that it is never out of date. */
export interface InviteMail {
  kind: 'invited' | 'changed' | 'cancelled'
  inviteId: string
}

const maxMails = 1000
/** A host who edits several times within these minutes sends one mail. */
export const changedAfterMs = 300_000

/** In a transaction: puts mails about invites into the outbox. After the commit call `wakeMail`. */
export async function putInviteMails(
  trx: Db,
  kind: InviteMail['kind'],
  { inviteIds, at }: { inviteIds: readonly string[]; at: Date },
): Promise<void> {
  // All say how it is when they are sent: where one waits already, it will say this too.
  const told = kind === 'changed' ? await listUntried(trx, kind, inviteIds) : new Set<string>()
  const untold = inviteIds.filter((inviteId) => !told.has(inviteId))
  if (untold.length === 0) return
  const dueAt = new Date(at.getTime() + (kind === 'changed' ? changedAfterMs : 0))
  const rows = untold.map((inviteId) => ({
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

/** The meaning of a change to somebody with the meeting in a calendar. */
function newsOf(before: MeetingRow, after: MeetingRow): 'changed' | 'cancelled' | null {
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
