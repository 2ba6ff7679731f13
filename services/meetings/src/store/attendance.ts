import type { RosterEntry } from '@parley/contracts'
import { prepared } from '@parley/kit'
import { sql } from 'kysely'
import type { Cursor } from '../cursor.ts'
import type { Move } from '../fact.ts'
import type { AttendanceRow, Db } from '../tables.ts'

/**
 * Takes facts into the stays they are about, each of another one. Facts may come twice and in any order: `joined_at` is the least
 * of all times, the rest is what the newest fact says. A `left` may therefore come before its `joined`.
 */
export const applyMoves = (db: Db, facts: readonly Move[]): Promise<void> =>
  putStays(
    db,
    facts.map((fact) => {
      const at = new Date(fact.at)
      return {
        id: fact.participantId,
        meeting_id: fact.meetingId,
        user_id: fact.userId,
        name: fact.name,
        role: fact.role,
        joined_at: at,
        left_at: fact.kind === 'left' ? at : null,
        fact_at: at,
        fact_id: fact.id,
      }
    }),
  )

/** The same for all who a fact says are in the meeting. */
export async function applyPresent(
  db: Db,
  roster: readonly RosterEntry[],
  fact: { meetingId: string; id: string; at: Date },
): Promise<void> {
  const stays = roster.map((entry) => stayOf(entry, fact))
  await putStays(db, [...new Map(stays.map((stay) => [stay.id, stay])).values()])
}

/** Whether a fact is news of somebody of these stays, or of nobody at all; not one that was applied before, or overtaken. */
export async function isNewer(db: Db, ids: readonly string[], fact: { at: Date; id: string }): Promise<boolean> {
  if (ids.length === 0) return true
  const known = await db
    .selectFrom('attendance')
    .select('id')
    .where('id', 'in', ids)
    .where((eb) =>
      eb.or([eb('fact_at', '>', fact.at), eb.and([eb('fact_at', '=', fact.at), eb('fact_id', '>=', fact.id)])]),
    )
    .execute()
  return known.length < new Set(ids).size
}

/** Writes down the stays of these people that were never heard of, as of when they came. Any fact on them is newer. */
export async function addStays(db: Db, meetingId: string, roster: readonly RosterEntry[]): Promise<void> {
  if (roster.length === 0) return
  const stays = roster.map((entry) =>
    stayOf(entry, { meetingId, id: entry.participantId, at: new Date(entry.joinedAt) }),
  )
  await db
    .insertInto('attendance')
    .values(stays)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

const stayOf = (
  { participantId, userId, name, role, joinedAt }: RosterEntry,
  { meetingId, id, at }: { meetingId: string; id: string; at: Date },
): AttendanceRow => ({
  id: participantId,
  meeting_id: meetingId,
  user_id: userId,
  name,
  role,
  joined_at: new Date(joinedAt),
  left_at: null,
  fact_at: at,
  fact_id: id,
})

async function putStays(db: Db, stays: readonly AttendanceRow[]): Promise<void> {
  if (stays.length === 0) return
  const newer = sql<boolean>`(excluded.fact_at, excluded.fact_id) > (attendance.fact_at, attendance.fact_id)`
  const ifNewer = <T>(column: string) =>
    sql<T>`case when ${newer} then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`attendance.${column}`)} end`
  await db
    .insertInto('attendance')
    .values(stays)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        joined_at: sql`least(attendance.joined_at, excluded.joined_at)`,
        left_at: ifNewer('left_at'),
        name: ifNewer('name'),
        role: ifNewer('role'),
        fact_at: ifNewer('fact_at'),
        fact_id: ifNewer('fact_id'),
      }),
    )
    .execute()
}

/**
 * Ends stays whose end was lost with a store that came back empty, but those of `except`: nobody has been heard of since
 * `before`. Answers how many there were.
 */
export async function closeStays(
  db: Db,
  meetingId: string,
  { before, at, except = [] }: { before: Date; at: Date; except?: readonly string[] },
): Promise<number> {
  let lost = db
    .updateTable('attendance')
    .set({ left_at: at })
    .where('meeting_id', '=', meetingId)
    .where('left_at', 'is', null)
    .where('fact_at', '<', before)
  if (except.length > 0) lost = lost.where('id', 'not in', except)
  const closed = await lost.returning('id').execute()
  return closed.length
}

/** Whether the roster has somebody who was never heard of, or lacks somebody present of whom nothing was heard since `before`. */
export async function differs(
  db: Db,
  meetingId: string,
  { roster, before }: { roster: readonly RosterEntry[]; before: Date },
): Promise<boolean> {
  const ids = roster.map(({ participantId }) => participantId)
  const known = await db
    .selectFrom('attendance')
    .select(['id', 'left_at', 'fact_at'])
    .where('meeting_id', '=', meetingId)
    .where((eb) => eb.or([eb('id', 'in', ids), eb('left_at', 'is', null)]))
    .execute()
  const present = new Set(ids)
  if (known.filter(({ id }) => present.has(id)).length < present.size) return true
  return known.some(({ id, left_at, fact_at }) => left_at === null && fact_at < before && !present.has(id))
}

/** The meetings that have somebody present by their attendance, ordered by id, from after one on. */
export async function listOccupied(db: Db, after: string | null, limit: number): Promise<string[]> {
  let query = db.selectFrom('attendance').select('meeting_id').distinct().where('left_at', 'is', null)
  if (after !== null) query = query.where('meeting_id', '>', after)
  const rows = await query.orderBy('meeting_id').limit(limit).execute()
  return rows.map((row) => row.meeting_id)
}

const somebodyPresent = prepared('meetings.somebody-present', (db: Db, { meetingId }: { meetingId: string }) =>
  db.selectFrom('attendance').select('id').where('meeting_id', '=', meetingId).where('left_at', 'is', null).limit(1),
)

/** Since when nobody is in the meeting; null while somebody is, or if nobody ever was. */
export async function emptySince(db: Db, meetingId: string): Promise<Date | null> {
  if ((await somebodyPresent(db, { meetingId })).length > 0) return null
  const { last } = await db
    .selectFrom('attendance')
    .select((eb) => eb.fn.max('left_at').as('last'))
    .where('meeting_id', '=', meetingId)
    .executeTakeFirstOrThrow()
  return last
}

/** How many people besides this one are in the meeting, each once; `limit` at most. */
export async function countOthers(
  db: Db,
  { meetingId, userId, limit }: { meetingId: string; userId: string; limit: number },
): Promise<number> {
  const others = db
    .selectFrom('attendance')
    .select('user_id')
    .distinct()
    .where('meeting_id', '=', meetingId)
    .where('left_at', 'is', null)
    .where('user_id', '!=', userId)
    .limit(limit)
  const { count } = await db
    .selectFrom(others.as('others'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** A stay, and whether the person is a guest. */
export type KnownStay = AttendanceRow & { guest: boolean }

/** Stays with what the meeting knows of each person: one with another role than that of a guest has a row of its own. */
export const knownStays = (db: Db) =>
  db
    .selectFrom('attendance')
    .selectAll('attendance')
    .select((eb) => [
      eb.fn
        .coalesce(
          eb
            .selectFrom('members')
            .select('members.guest')
            .whereRef('members.meeting_id', '=', 'attendance.meeting_id')
            .whereRef('members.user_id', '=', 'attendance.user_id'),
          sql<boolean>`attendance.role = 'guest'`,
        )
        .$notNull()
        .as('guest'),
    ])

/** The people in the meeting, in the order they came. */
export const listPresent = (db: Db, meetingId: string, limit: number): Promise<KnownStay[]> =>
  knownStays(db)
    .where('meeting_id', '=', meetingId)
    .where('left_at', 'is', null)
    .orderBy('joined_at')
    .orderBy('id')
    .limit(limit)
    .execute()

/** Stays newest first, from `after` on; with `present`, only of those who are in it, or who are not. */
export function listAttendance(
  db: Db,
  meetingId: string,
  { present, after, limit }: { present: boolean | undefined; after: Cursor | null; limit: number },
): Promise<KnownStay[]> {
  let query = knownStays(db).where('meeting_id', '=', meetingId)
  if (present !== undefined) query = query.where('left_at', present ? 'is' : 'is not', null)
  if (after !== null) query = query.where((eb) => eb(eb.refTuple('joined_at', 'id'), '<', eb.tuple(after.at, after.id)))
  return query.orderBy('joined_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Forgets stays that ended, and comings and goings, before a time; true if there may be more. */
export async function forgetStays(db: Db, before: Date, limit: number): Promise<boolean> {
  const stays = db.selectFrom('attendance').select('id').where('left_at', '<', before).limit(limit)
  const moves = db.selectFrom('moves').select('fact_id').where('at', '<', before).limit(limit)
  const results = [
    await db.deleteFrom('attendance').where('id', 'in', stays).executeTakeFirst(),
    await db.deleteFrom('moves').where('fact_id', 'in', moves).executeTakeFirst(),
  ]
  return results.some(({ numDeletedRows }) => Number(numDeletedRows) === limit)
}
