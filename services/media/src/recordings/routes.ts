import type { Recording, RecordingLayout, recordingsOperations } from '@parley/contracts'
import { isUniqueViolation, newId, ProblemError, type Bus, type Handlers } from '@parley/kit'
import { accessOrThrow, checkMayRecord, recordableOrThrow, recordingFor } from './access.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { freeBytes, type Places } from './folders.ts'
import { recordingOf } from './recording.ts'
import {
  askToStop,
  countOf,
  findRunning,
  insertNotice,
  insertRecording,
  listOf,
  removeRecording,
  type RecordingDb,
} from './store.ts'
import type { RecordingRow } from './tables.ts'

export interface RouteDeps {
  db: RecordingDb
  bus: Bus
  /** Null: nothing can be recorded here. */
  places: Places | null
  limits: { perMeeting: number; minFreeBytes: number }
  /** A recording is there: its room is told, and there is work for the replicas. */
  begin(row: RecordingRow): Promise<void>
}

type Managing = Omit<Handlers<typeof recordingsOperations>, 'recordingContent' | 'recordingLink' | 'linkedRecording'>

const noStore = { 'cache-control': 'no-store' }

/** REST: recordings are started and stopped here; whoever works on them does the rest. */
export const recordingHandlers = (deps: RouteDeps): Managing => ({
  async startRecording({ params: { id: meetingId }, body: { layout = 'grid' }, principal: { userId }, once }) {
    const access = await accessOrThrow(deps, meetingId, userId)
    checkMayRecord(access)
    await recordableOrThrow(deps, meetingId)
    await checkMeansOrThrow(deps, meetingId)
    const start = { meetingId, layout, userId, name: access.name }
    const made = await once((row: RecordingRow) => accepted(recordingOf(row)))
      .transaction(deps.db, (trx) => started(trx, start))
      .catch((error: unknown) => alreadyRunning(deps, meetingId, error))
    await deps.begin(made)
    return accepted(recordingOf(made))
  },
  async stopRecording({ params: { id }, principal: { userId }, once }) {
    const { row, access } = await recordingFor(deps, id, userId)
    checkMayRecord(access)
    await once(accepted).transaction(deps.db, async (trx) => {
      await askToStop(trx, id)
      return recordingOf(row)
    })
    return accepted(recordingOf((await recordingFor(deps, id, userId)).row))
  },
  async listRecordings({ params: { id: meetingId }, query: { limit = 20, cursor }, principal: { userId } }) {
    const before = cursor === undefined ? null : readCursor(cursor)
    await accessOrThrow(deps, meetingId, userId)
    const rows = await listOf(deps.db, meetingId, { before, limit: limit + 1 })
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    const nextCursor = rows.length > limit && last !== undefined ? writeCursor(last.id) : null
    return { status: 200, body: { items: shown.map(recordingOf), nextCursor }, headers: noStore }
  },
  async getRecording({ params: { id }, principal: { userId } }) {
    const { row } = await recordingFor(deps, id, userId)
    return { status: 200, body: recordingOf(row), headers: noStore }
  },
  async deleteRecording({ params: { id }, principal: { userId } }) {
    const { row, access } = await recordingFor(deps, id, userId)
    checkMayRecord(access)
    if (goesOn(row)) throw new ProblemError('wrong-state', 'The recording goes on: stop it first')
    await removeRecording(deps.db, id)
    return { status: 204 }
  },
})

const accepted = (body: Recording) => ({ status: 202, body }) as const

const goesOn = ({ status }: RecordingRow): boolean =>
  status === 'requested' || status === 'starting' || status === 'recording'

/** @throws ProblemError `recording-needs-sfu`, `quota-exceeded`, `unavailable` */
async function checkMeansOrThrow({ db, places, limits }: RouteDeps, meetingId: string): Promise<void> {
  if (places === null)
    throw new ProblemError('recording-needs-sfu', 'Recording needs a media server (Janus), and this server has none')
  if ((await countOf(db, meetingId)) >= limits.perMeeting)
    throw new ProblemError(
      'quota-exceeded',
      `A meeting keeps ${limits.perMeeting} recordings at most: delete one that is not needed any more`,
    )
  if ((await freeBytes(places.tracks)) < limits.minFreeBytes)
    throw new ProblemError('unavailable', 'There is no space left to record')
}

interface Start {
  meetingId: string
  layout: RecordingLayout
  userId: string
  name: string
}

async function started(trx: RecordingDb, { meetingId, layout, userId, name }: Start): Promise<RecordingRow> {
  const id = newId()
  const row = await insertRecording(trx, { id, meeting_id: meetingId, layout, started_by: userId })
  await insertNotice(trx, { id, meetingId, kind: 'started', text: `${name} started recording this meeting.` })
  return row
}

/** @throws ProblemError `recording-running` with the recording that goes on; else `error` */
async function alreadyRunning({ db }: RouteDeps, meetingId: string, error: unknown): Promise<never> {
  if (!isUniqueViolation(error, 'recordings_running')) throw error
  const running = await findRunning(db, meetingId)
  throw new ProblemError('recording-running', undefined, running && { recordingId: running.id }, { cause: error })
}
