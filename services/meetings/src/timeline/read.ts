import { Id, type MeetingTimeline, type TimelineEntry } from '@parley/contracts'
import { compile, ProblemError } from '@parley/kit'
import { listMoves, listStays } from '../stats/store.ts'
import type { AttendanceRow, Db, MeetingRow } from '../tables.ts'
import { listNotes } from './store.ts'
import type { TimelineRow } from './tables.ts'

/** As much as fits into a message on the bus. */
const most = 1_500
const mostStays = 5_000
const faultsOfId = compile(Id)

/** All that is known of a meeting, in its order: made, joins, drops, resumes, moderation, recordings, end. */
export async function timelineOf(db: Db, which: string): Promise<MeetingTimeline> {
  const meeting = await findOrThrow(db, which)
  const stays = await listStays(db, meeting.id, mostStays)
  const stayOf = new Map(stays.map((stay) => [stay.id, stay]))
  const moves = await listMoves(db, meeting.id, mostStays)
  const notes = await listNotes(db, meeting.id, most)
  const all = [
    ...lifeOf(meeting),
    ...moves.map(({ participant_id: id, kind, at }) => ({ at, kind, outcome: 'ok', ...userOf(stayOf.get(id), id) })),
    ...notes.map((note) => entryOf(note, stays)),
  ].toSorted((one, other) => one.at.getTime() - other.at.getTime())
  const { id, code, title, status } = meeting
  const entries = all.slice(-most).map(({ at, ...entry }) => ({ at: at.toISOString(), ...entry }))
  return { meeting: { id, code, title, status }, entries, cut: all.length > most || notes.length === most }
}

type Dated = Omit<TimelineEntry, 'at'> & { at: Date }

/** @throws ProblemError `not-found` */
async function findOrThrow(db: Db, which: string): Promise<MeetingRow> {
  const meetings = db.selectFrom('meetings').selectAll()
  const found =
    faultsOfId(which).length === 0 ? meetings.where('id', '=', which) : meetings.where('code', '=', which.toLowerCase())
  const meeting = await found.executeTakeFirst()
  if (meeting === undefined) throw new ProblemError('not-found', `There is no meeting ${which}`)
  return meeting
}

function lifeOf(meeting: MeetingRow): Dated[] {
  const life: Dated[] = [
    { at: meeting.created_at, kind: 'created', outcome: 'ok', userId: meeting.host_id, name: meeting.host_name },
  ]
  if (meeting.started_at) life.push({ at: meeting.started_at, kind: 'started', outcome: 'ok' })
  if (meeting.ended_at) life.push({ at: meeting.ended_at, kind: 'ended', outcome: meeting.end_reason ?? 'host' })
  return life
}

const userOf = (stay: AttendanceRow | undefined, participantId: string) => ({
  participantId,
  ...(stay && { userId: stay.user_id, name: stay.name }),
})

function entryOf(note: TimelineRow, stays: readonly AttendanceRow[]): Dated {
  const who = stays.find(({ id, user_id: userId }) => id === note.participant_id || userId === note.user_id)
  const target = stays.find(({ id }) => id === note.target_id)
  return {
    at: note.at,
    kind: note.kind,
    outcome: note.outcome,
    ...(note.user_id !== null && { userId: note.user_id }),
    ...(who && { name: who.name }),
    ...(note.participant_id !== null && { participantId: note.participant_id }),
    ...(target && { target: target.name }),
    ...(note.request_id !== null && { requestId: note.request_id }),
    ...(note.node !== null && { node: note.node }),
  }
}
