import type { KeptTables } from '@parley/kit'
import { sql, type Kysely } from 'kysely'
import type { RecordingChange } from './changes.ts'
import type { PartRow, RecordingRow, RecordingTables, StayRow } from './tables.ts'

export type RecordingDb = Kysely<RecordingTables & KeptTables>

/** A recording that this replica works on, as it is now. */
export interface Held extends RecordingRow {
  /** Since it was asked for, ms. */
  age_ms: number
  /** Since its first media, ms; null before that. */
  length_ms: number | null
}

const leaseMs = 10_000
const now = sql<Date>`clock_timestamp()`
const fromNow = (ms: number) => sql<Date>`clock_timestamp() + make_interval(secs => ${ms / 1000})`
const msSince = (column: string) =>
  sql<number | null>`(extract(epoch from clock_timestamp() - ${sql.ref(column)}) * 1000)::float8`

const capturing = ['requested', 'starting', 'recording'] as const

/** Takes recordings that are due and that nobody works on: those that go on, or one that is to be made into a film. */
export function claim(db: RecordingDb, holder: string, what: 'capturing' | 'processing'): Promise<RecordingRow[]> {
  const due = db
    .selectFrom('recordings')
    .select('id')
    .where('status', 'in', what === 'capturing' ? capturing : ['processing'])
    .where('removed_at', 'is', null)
    .where('due_at', '<=', now)
    .where((eb) => eb.or([eb('held_until', 'is', null), eb('held_until', '<', now)]))
    .orderBy('due_at')
    .limit(what === 'capturing' ? 16 : 1)
    .forUpdate()
    .skipLocked()
  return db
    .updateTable('recordings')
    .set({ holder, held_until: fromNow(leaseMs), fence: sql`fence + 1` })
    .where('id', 'in', due)
    .returningAll()
    .execute()
}

export type Lease = Pick<RecordingRow, 'id' | 'fence'>

/** Keeps a recording for another lease; false when somebody else has it. */
export async function renew(db: RecordingDb, { id, fence }: Lease): Promise<boolean> {
  const renewed = await db
    .updateTable('recordings')
    .set({ held_until: fromNow(leaseMs) })
    .where('id', '=', id)
    .where('fence', '=', fence)
    .returning('id')
    .executeTakeFirst()
  return renewed !== undefined
}

/** A recording as it is now; undefined when somebody else works on it, or it was deleted. */
export const lookAt = (db: RecordingDb, { id, fence }: Lease): Promise<Held | undefined> =>
  db
    .selectFrom('recordings')
    .selectAll()
    .where('id', '=', id)
    .where('fence', '=', fence)
    .where('removed_at', 'is', null)
    .select([msSince('started_at').$notNull().as('age_ms'), msSince('first_media_at').as('length_ms')])
    .executeTakeFirst()

/** Gives a recording back, to be worked on after a while. */
export async function release(db: RecordingDb, { id, fence }: Lease, waitMs = 0): Promise<void> {
  await db
    .updateTable('recordings')
    .set({ held_until: null, due_at: fromNow(waitMs) })
    .where('id', '=', id)
    .where('fence', '=', fence)
    .execute()
}

export async function setAttempts(db: RecordingDb, { id, fence }: Lease, attempts: number): Promise<void> {
  await db.updateTable('recordings').set({ attempts }).where('id', '=', id).where('fence', '=', fence).execute()
}

/**
 * Changes what can be seen of a recording, by who holds it; `notice` is to be said in the chat. Undefined when somebody else holds it:
 * then nothing was changed.
 */
export const change = (
  db: RecordingDb,
  { id, fence }: Lease,
  { set, notice }: RecordingChange,
): Promise<RecordingRow | undefined> =>
  db.transaction().execute(async (trx) => {
    const changed = await trx
      .updateTable('recordings')
      .set({ ...set, rev: sql`rev + 1` })
      .where('id', '=', id)
      .where('fence', '=', fence)
      .where('removed_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (changed === undefined) return undefined
    if (notice !== undefined) await insertNotice(trx, { id, meetingId: changed.meeting_id, ...notice })
    return changed
  })

/** Says something about a recording in the chat of its meeting, once by its kind. */
export async function insertNotice(
  db: RecordingDb,
  { id, meetingId, kind, text }: { id: string; meetingId: string; kind: string; text: string },
): Promise<void> {
  await db
    .insertInto('recording_notices')
    .values({ id: `rec-${id}-${kind}`, meeting_id: meetingId, text })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export const findRecording = (db: RecordingDb, id: string): Promise<RecordingRow | undefined> =>
  db.selectFrom('recordings').selectAll().where('id', '=', id).where('removed_at', 'is', null).executeTakeFirst()

/** The one of a meeting that goes on. */
export const findRunning = (db: RecordingDb, meetingId: string): Promise<RecordingRow | undefined> =>
  db
    .selectFrom('recordings')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('status', 'in', capturing)
    .where('removed_at', 'is', null)
    .executeTakeFirst()

/** Asks for its end: whoever works on it sees that within a second. Of one that has ended, or was asked before, nothing changes. */
export async function askToStop(db: RecordingDb, id: string): Promise<void> {
  await db
    .updateTable('recordings')
    .set({ stop_reason: 'host', ended_at: now })
    .where('id', '=', id)
    .where('status', 'in', capturing)
    .where('stop_reason', 'is', null)
    .execute()
}

export const partsOf = (db: RecordingDb, id: string): Promise<PartRow[]> =>
  db.selectFrom('recording_parts').selectAll().where('recording_id', '=', id).orderBy('number').execute()

export type NewPart = Omit<PartRow, 'first_media_at' | 'lead_ms'>

export async function addPart(db: RecordingDb, part: NewPart): Promise<void> {
  await db
    .insertInto('recording_parts')
    .values({ ...part, first_media_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Media of a part comes in, and has for so long. */
export async function noteMedia(
  db: RecordingDb,
  { recording_id: id, number }: Pick<PartRow, 'recording_id' | 'number'>,
  leadMs: number,
): Promise<void> {
  await db
    .updateTable('recording_parts')
    .set({ first_media_at: now, lead_ms: leadMs })
    .where('recording_id', '=', id)
    .where('number', '=', number)
    .where('first_media_at', 'is', null)
    .execute()
}

export const staysOf = (db: RecordingDb, id: string): Promise<StayRow[]> =>
  db.selectFrom('recording_stays').selectAll().where('recording_id', '=', id).orderBy('from_at').execute()

/** A participant who is not seen for longer has left. */
const awayMs = 10_000

/** Notes who is in the room now. */
export async function noteStays(
  db: RecordingDb,
  recordingId: string,
  participants: readonly { participantId: string; name: string }[],
): Promise<void> {
  if (participants.length === 0) return
  const present = participants.map(({ participantId }) => participantId)
  const seen = await db
    .updateTable('recording_stays')
    .set({ to_at: now })
    .where('recording_id', '=', recordingId)
    .where('participant_id', 'in', present)
    .where('to_at', '>', fromNow(-awayMs))
    .returning('participant_id')
    .execute()
  const known = new Set(seen.map(({ participant_id: id }) => id))
  const others = participants.filter(({ participantId }) => !known.has(participantId))
  if (others.length === 0) return
  await db
    .insertInto('recording_stays')
    .values(
      others.map(({ participantId, name }) => ({ recording_id: recordingId, participant_id: participantId, name })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** @throws where the meeting is being recorded already: a violation of `recordings_running` */
export const insertRecording = (
  db: RecordingDb,
  row: Pick<RecordingRow, 'id' | 'meeting_id' | 'layout' | 'started_by'>,
): Promise<RecordingRow> =>
  db
    .insertInto('recordings')
    .values({ ...row, status: 'requested' })
    .returningAll()
    .executeTakeFirstOrThrow()

/** Of a meeting, the newest first. */
export function listOf(
  db: RecordingDb,
  meetingId: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<RecordingRow[]> {
  const all = db
    .selectFrom('recordings')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('removed_at', 'is', null)
    .orderBy('id', 'desc')
    .limit(limit)
  return (before === null ? all : all.where('id', '<', before)).execute()
}

export async function countOf(db: RecordingDb, meetingId: string): Promise<number> {
  const { count } = await db
    .selectFrom('recordings')
    .select(sql<number>`count(*)::integer`.as('count'))
    .where('meeting_id', '=', meetingId)
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** Shows it no more; the sweep deletes the rest. */
export async function removeRecording(db: RecordingDb, id: string): Promise<void> {
  await db.updateTable('recordings').set({ removed_at: now }).where('id', '=', id).execute()
}
