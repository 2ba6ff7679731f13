import type { InviteStatus } from '@parley/contracts'
import { sql, type Insertable } from 'kysely'
import type { Cursor } from '../cursor.ts'
import type { Db, MeetingRow, Tables } from '../tables.ts'
import type { InviteRow } from './tables.ts'

export const goodStatuses = ['pending', 'accepted'] as const
type Whom = Pick<InviteRow, 'meeting_id' | 'email' | 'user_id'>

export const findInvite = (db: Db, id: string): Promise<InviteRow | undefined> =>
  db.selectFrom('invites').selectAll().where('id', '=', id).executeTakeFirst()

/** Locks an invite until the end of the transaction. */
export const lockInvite = (db: Db, id: string): Promise<InviteRow | undefined> =>
  db.selectFrom('invites').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()

export const findInviteOf = (db: Db, { meeting_id, email, user_id }: Whom): Promise<InviteRow | undefined> =>
  db
    .selectFrom('invites')
    .selectAll()
    .where('meeting_id', '=', meeting_id)
    .where('email', 'is not distinct from', email)
    .where('user_id', 'is not distinct from', user_id)
    .executeTakeFirst()

export const insertInvite = (db: Db, invite: InviteRow): Promise<InviteRow> =>
  db.insertInto('invites').values(invite).returningAll().executeTakeFirstOrThrow()

export const changeInvite = (
  db: Db,
  id: string,
  change: Partial<Omit<InviteRow, 'id' | 'meeting_id' | 'email' | 'user_id'>>,
): Promise<InviteRow> =>
  db.updateTable('invites').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow()

/** How many invites of a meeting are good. */
export async function countInvites(db: Db, meetingId: string): Promise<number> {
  const { count } = await db
    .selectFrom('invites')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('meeting_id', '=', meetingId)
    .where('status', 'in', goodStatuses)
    .executeTakeFirstOrThrow()
  return count
}

interface Page {
  after: Cursor | null
  limit: number
}

/** Invites of a meeting, newest first, from `after` on. */
export function listInvites(
  db: Db,
  { meetingId, status }: { meetingId: string; status: InviteStatus | undefined },
  { after, limit }: Page,
): Promise<InviteRow[]> {
  let query = db.selectFrom('invites').selectAll().where('meeting_id', '=', meetingId)
  if (status !== undefined) query = query.where('status', '=', status)
  if (after !== null)
    query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.at, after.id)))
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Invites of a person to meetings that exist, newest first, from `after` on; not the revoked ones. */
export function listReceived(
  db: Db,
  { userId, status }: { userId: string; status: InviteStatus | undefined },
  { after, limit }: Page,
): Promise<InviteRow[]> {
  let query = db
    .selectFrom('invites')
    .selectAll('invites')
    .where('claimed_by', '=', userId)
    .where('status', '!=', 'revoked')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('meetings')
          .select('meetings.id')
          .whereRef('meetings.id', '=', 'invites.meeting_id')
          .where('deleted_at', 'is', null),
      ),
    )
  if (status !== undefined) query = query.where('status', '=', status)
  if (after !== null)
    query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.at, after.id)))
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

export async function findMeetings(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, MeetingRow>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('meetings').selectAll().where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/** Whether somebody holds a good invite to a meeting, as far as it is known whose it is. */
export async function holdsInvite(db: Db, meetingId: string, userId: string): Promise<boolean> {
  const invite = await db
    .selectFrom('invites')
    .select('id')
    .where('meeting_id', '=', meetingId)
    .where('claimed_by', '=', userId)
    .where('status', 'in', goodStatuses)
    .limit(1)
    .executeTakeFirst()
  return invite !== undefined
}

/** Whether some invite of a meeting waits to be found by its address. */
export async function hasUnclaimed(db: Db, meetingId: string): Promise<boolean> {
  const invite = await db
    .selectFrom('invites')
    .select('id')
    .where('meeting_id', '=', meetingId)
    .where('email', 'is not', null)
    .where((eb) => eb.or([eb('claimed_by', 'is', null), eb('claimed_by_guest', '=', true)]))
    .where('status', 'in', goodStatuses)
    .limit(1)
    .executeTakeFirst()
  return invite !== undefined
}

/** Whether there are invites to an address that no account has. */
export async function hasUnclaimedTo(db: Db, email: string): Promise<boolean> {
  const invite = await db
    .selectFrom('invites')
    .select('id')
    .where('email', '=', email)
    .where((eb) => eb.or([eb('claimed_by', 'is', null), eb('claimed_by_guest', '=', true)]))
    .limit(1)
    .executeTakeFirst()
  return invite !== undefined
}

/** Gives the invites to an address to the account that owns it, unless another account has them. */
export async function claimInvites(db: Db, email: string, userId: string): Promise<void> {
  await db
    .updateTable('invites')
    .set({ claimed_by: userId, claimed_by_guest: false })
    .where('email', '=', email)
    .where((eb) => eb.or([eb('claimed_by', 'is', null), eb('claimed_by_guest', '=', true)]))
    .execute()
}

export async function insertInviteToken(db: Db, hash: string, inviteId: string): Promise<void> {
  await db.insertInto('invite_tokens').values({ hash, invite_id: inviteId }).execute()
}

export async function isInviteToken(db: Db, hash: string, inviteId: string): Promise<boolean> {
  const token = await db
    .selectFrom('invite_tokens')
    .select('hash')
    .where('hash', '=', hash)
    .where('invite_id', '=', inviteId)
    .executeTakeFirst()
  return token !== undefined
}

export async function forgetInviteTokens(db: Db, inviteId: string): Promise<void> {
  await db.deleteFrom('invite_tokens').where('invite_id', '=', inviteId).execute()
}

/** The good invites of a meeting that went out by mail. */
export const listMailed = (db: Db, meetingId: string, limit: number): Promise<Pick<InviteRow, 'id'>[]> =>
  db
    .selectFrom('invites')
    .select('id')
    .where('meeting_id', '=', meetingId)
    .where('email', 'is not', null)
    .where('status', 'in', goodStatuses)
    .orderBy('created_at')
    .limit(limit)
    .execute()

export async function insertMails(db: Db, mails: readonly Insertable<Tables['mail_outbox']>[]): Promise<void> {
  await db.insertInto('mail_outbox').values(mails).execute()
}

/** Of which of these invites a mail of this kind waits that nobody has tried to send. */
export async function listUntried(db: Db, kind: string, inviteIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (inviteIds.length === 0) return new Set()
  const inviteId = sql<string>`payload->>'inviteId'`
  const rows = await db
    .selectFrom('mail_outbox')
    .select(inviteId.as('inviteId'))
    .where(inviteId, 'in', inviteIds)
    .where(sql<string>`payload->>'kind'`, '=', kind)
    .where('attempts', '=', 0)
    // None is taken to be sent before this transaction has ended.
    .forUpdate()
    .execute()
  return new Set(rows.map((row) => row.inviteId))
}
