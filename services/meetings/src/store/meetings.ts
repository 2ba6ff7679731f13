import { json, prepared } from '@parley/kit'
import type { MeetingSettings, MeetingStatus } from '@parley/contracts'
import { sql, type Insertable, type Updateable } from 'kysely'
import type { Db, EndReason, MeetingRow, Tables } from '../tables.ts'

const overStatuses = ['ended', 'cancelled'] as const

const codeTries = 5

/** Inserts a meeting under a code that nobody has: `newCode` is asked again when one is taken. */
export async function insertMeeting(
  db: Db,
  draft: Omit<Insertable<Tables['meetings']>, 'code' | 'settings'> & { settings: MeetingSettings },
  newCode: () => string,
): Promise<MeetingRow> {
  for (let tries = 0; tries < codeTries; tries += 1) {
    const row = await db
      .insertInto('meetings')
      .values({ ...draft, settings: json(draft.settings), code: newCode() })
      .onConflict((conflict) => conflict.column('code').doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row !== undefined) return row
  }
  throw new Error(`no free meeting code in ${codeTries} tries`)
}

export const findMeeting = (db: Db, id: string): Promise<MeetingRow | undefined> =>
  db.selectFrom('meetings').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()

export const findMeetingByCode = (db: Db, code: string): Promise<MeetingRow | undefined> =>
  db.selectFrom('meetings').selectAll().where('code', '=', code).where('deleted_at', 'is', null).executeTakeFirst()

/** All of a meeting, by name, as a prepared query has to. */
export const meetingColumns = [
  'meetings.id',
  'meetings.code',
  'meetings.title',
  'meetings.description',
  'meetings.type',
  'meetings.status',
  'meetings.host_id',
  'meetings.host_name',
  'meetings.scheduled_at',
  'meetings.duration_minutes',
  'meetings.time_zone',
  'meetings.passcode_hash',
  'meetings.passcode_round',
  'meetings.max_participants',
  'meetings.settings',
  'meetings.version',
  'meetings.lobby_version',
  'meetings.room_seq',
  'meetings.public_base',
  'meetings.created_at',
  'meetings.updated_at',
  'meetings.started_at',
  'meetings.ended_at',
  'meetings.end_reason',
  'meetings.empty_since',
  'meetings.deleted_at',
  'meetings.starting_told',
] as const

const lockedMeeting = prepared('meetings.lock', (db: Db, { id }: { id: string }) =>
  db.selectFrom('meetings').select(meetingColumns).where('id', '=', id).forNoKeyUpdate(),
)

/** Locks a meeting until the end of the transaction, deleted ones too. */
export const lockMeeting = async (db: Db, id: string): Promise<MeetingRow | undefined> =>
  (await lockedMeeting(db, { id })).at(0)

export type MeetingChange = Partial<
  Pick<
    Updateable<Tables['meetings']>,
    | 'title'
    | 'description'
    | 'type'
    | 'passcode_hash'
    | 'max_participants'
    | 'host_id'
    | 'host_name'
    | 'scheduled_at'
    | 'duration_minutes'
    | 'time_zone'
  >
> & {
  /** Of a meeting that nobody has entered yet. */
  statusBefore?: 'scheduled' | 'waiting'
  settings?: Partial<MeetingSettings>
  updated_at: Date
}

/**
 * Changes a meeting that is not over and counts its version up; nothing when it is over, or its version is not
 * `expected`.
 */
export async function changeMeeting(
  db: Db,
  id: string,
  change: MeetingChange,
  expected: number | null,
): Promise<MeetingRow | undefined> {
  const { settings, statusBefore, ...columns } = change
  return db
    .updateTable('meetings')
    .set({
      ...columns,
      version: sql`version + 1`,
      ...(statusBefore === undefined
        ? {}
        : { status: sql<MeetingStatus>`case when status = 'live' then status else ${statusBefore} end` }),
      ...(settings === undefined ? {} : { settings: sql`settings || ${json(settings)}` }),
    })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .where('status', 'not in', overStatuses)
    .$if(expected !== null, (query) => query.where('version', '=', expected))
    .returningAll()
    .executeTakeFirst()
}

/** Ends meetings that are not over yet; answers those that it ended. The people still in them count as gone. */
export async function endMeetings(
  db: Db,
  ids: readonly string[],
  { at, reason }: { at: Date; reason: EndReason },
): Promise<MeetingRow[]> {
  if (ids.length === 0) return []
  const ended = await db
    .updateTable('meetings')
    .set({
      status: reason === 'cancelled' ? 'cancelled' : 'ended',
      ended_at: at,
      updated_at: at,
      end_reason: reason,
      empty_since: null,
      version: sql`version + 1`,
    })
    .where('id', 'in', ids)
    .where('status', 'not in', overStatuses)
    .returningAll()
    .execute()
  const endedIds = ended.map(({ id }) => id)
  if (endedIds.length > 0) {
    await db
      .updateTable('attendance')
      .set({ left_at: at })
      .where('meeting_id', 'in', endedIds)
      .where('left_at', 'is', null)
      .execute()
  }
  return ended
}

/** Begins anew to count wrong passcodes. Not a change of its version. */
export async function liftPasscodeLock(db: Db, id: string): Promise<void> {
  await db
    .updateTable('meetings')
    .set({ passcode_round: sql`passcode_round + 1` })
    .where('id', '=', id)
    .execute()
}

/** Hides a meeting from everybody; nothing if it was before. */
export const hideMeeting = (db: Db, id: string, at: Date): Promise<MeetingRow | undefined> =>
  db
    .updateTable('meetings')
    .set({ deleted_at: at, updated_at: at, version: sql`version + 1` })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst()

/** Takes over what the facts say of a meeting that the transaction has locked. Not a change of its version. */
export async function setOccupancy(
  db: Db,
  id: string,
  { status, startedAt, emptySince }: { status: MeetingStatus; startedAt: Date | null; emptySince: Date | null },
): Promise<void> {
  await db
    .updateTable('meetings')
    .set({ status, started_at: startedAt, empty_since: emptySince })
    .where('id', '=', id)
    .execute()
}
