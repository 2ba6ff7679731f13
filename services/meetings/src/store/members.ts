import { prepared } from '@parley/kit'
import { sql } from 'kysely'
import type { Cursor } from '../cursor.ts'
import type { Db, MeetingRow } from '../tables.ts'
import type { GivenRole, JoinTokenRow, MemberRow } from '../tables-admission.ts'

interface Whom {
  meetingId: string
  userId: string
}
export interface MeetingUser extends Whom {
  name: string
  guest: boolean
}

interface MembersQuery {
  meetingId: string
  userIds: readonly string[]
}

const membersOf = prepared('meetings.members', (db: Db, { meetingId, userIds }: MembersQuery) =>
  db
    .selectFrom('members')
    .select(['meeting_id', 'user_id', 'name', 'guest', 'role', 'admitted_at', 'must_wait', 'banned_at', 'banned_by'])
    .select('join_token')
    .where('meeting_id', '=', meetingId)
    .where(sql<boolean>`user_id = any(${userIds})`),
)

export const findMembers = (db: Db, meetingId: string, userIds: readonly string[]): Promise<MemberRow[]> =>
  userIds.length === 0 ? Promise.resolve([]) : membersOf(db, { meetingId, userIds })

type Decided = Partial<Pick<MemberRow, 'role' | 'admitted_at' | 'must_wait' | 'banned_at' | 'banned_by'>>

/** Writes down what a person decided on somebody, in the place of a join token; what is not mentioned stays as it was. */
export async function setMember(
  db: Db,
  { meetingId, userId, name, guest }: MeetingUser,
  decided: Decided,
): Promise<void> {
  const none = { role: null, admitted_at: null, must_wait: false, banned_at: null, banned_by: null }
  await db
    .insertInto('members')
    .values({ meeting_id: meetingId, user_id: userId, name, guest, ...none, ...decided })
    .onConflict((conflict) =>
      conflict
        .columns(['meeting_id', 'user_id'])
        .doUpdateSet({ name, guest: sql<boolean>`members.guest or excluded.guest`, join_token: null, ...decided }),
    )
    .execute()
}

/** Lets the people of these lobby entries in for good, with the role they had, if any. */
export async function admitMembers(db: Db, users: readonly MeetingUser[], at: Date): Promise<void> {
  if (users.length === 0) return
  await db
    .insertInto('members')
    .values(
      users.map(({ meetingId, userId, name, guest }) => ({
        meeting_id: meetingId,
        user_id: userId,
        name,
        guest,
        role: null,
        admitted_at: at,
        banned_at: null,
        banned_by: null,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['meeting_id', 'user_id']).doUpdateSet({ admitted_at: at, must_wait: false, join_token: null }),
    )
    .execute()
}

/** The role that a join token gives, unless the person has one that says as much or more. */
export async function grantRole(
  db: Db,
  user: MeetingUser,
  { id, role }: Pick<JoinTokenRow, 'id' | 'role'>,
  at: Date,
): Promise<void> {
  await db
    .insertInto('members')
    .values({
      meeting_id: user.meetingId,
      user_id: user.userId,
      name: user.name,
      guest: user.guest,
      role,
      admitted_at: at,
      banned_at: null,
      banned_by: null,
      join_token: id,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['meeting_id', 'user_id'])
        .doUpdateSet({
          role: sql<GivenRole>`case when members.role = 'cohost' then members.role else excluded.role end`,
          admitted_at: at,
          join_token: sql`case when members.role = 'cohost' then members.join_token else excluded.join_token end`,
        })
        .where('members.must_wait', '=', false),
    )
    .execute()
}

/** Takes a ban back; false if there is none. */
export async function liftBan(db: Db, { meetingId, userId }: Whom): Promise<boolean> {
  const lifted = await db
    .updateTable('members')
    .set({ banned_at: null, banned_by: null })
    .where('meeting_id', '=', meetingId)
    .where('user_id', '=', userId)
    .where('banned_at', 'is not', null)
    .returning('user_id')
    .executeTakeFirst()
  return lifted !== undefined
}

/** Bans newest first, from `after` on. */
export function listBans(
  db: Db,
  meetingId: string,
  { after, limit }: { after: Cursor | null; limit: number },
): Promise<MemberRow[]> {
  let query = db
    .selectFrom('members')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('banned_at', 'is not', null)
  if (after !== null)
    query = query.where((eb) => eb(eb.refTuple('banned_at', 'user_id'), '<', eb.tuple(after.at, after.id)))
  return query.orderBy('banned_at', 'desc').orderBy('user_id', 'desc').limit(limit).execute()
}

interface Removed {
  userId: string
  banned: boolean
}

/** Those of these members who were removed from the meeting and not admitted since. Its host cannot be. */
export const removedOf = (
  meeting: { host_id: string },
  members: readonly Pick<MemberRow, 'user_id' | 'must_wait' | 'banned_at'>[],
): Removed[] =>
  members
    .filter((member) => member.user_id !== meeting.host_id && (member.must_wait || member.banned_at !== null))
    .map(({ user_id: userId, banned_at: bannedAt }) => ({ userId, banned: bannedAt !== null }))

/** The same of people of whom only the ids are known. */
export async function removedAmong(db: Db, meetingId: string, userIds: readonly string[]): Promise<Removed[]> {
  if (userIds.length === 0) return []
  const rows = await db
    .selectFrom('members')
    .innerJoin('meetings', 'meetings.id', 'members.meeting_id')
    .select(['members.user_id', 'members.banned_at', 'members.must_wait', 'meetings.host_id'])
    .where('members.meeting_id', '=', meetingId)
    .where('members.user_id', 'in', userIds)
    .execute()
  return rows.flatMap((row) => removedOf(row, [row]))
}

/** A meeting stays in the list of somebody who hosted it, whether or not they ever entered it. */
export async function keepListed(db: Db, meeting: MeetingRow, userId: string): Promise<void> {
  await db
    .insertInto('visits')
    .values({ user_id: userId, meeting_id: meeting.id, meeting_created_at: meeting.created_at })
    .onConflict((conflict) => conflict.columns(['user_id', 'meeting_id']).doNothing())
    .execute()
}
