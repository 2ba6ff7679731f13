import { chatBus, signalingBus, type SystemNotice } from '@parley/contracts'
import { request, createPoller, isProblem, type Bus, type Clock, type Logger, type Poller } from '@parley/kit'
import { sql } from 'kysely'
import { recordingForRoom } from './recording.ts'
import type { RecordingDb } from './store.ts'
import type { NoticeRow, RecordingRow } from './tables.ts'

const everyMs = 500
/** A running recording is announced again and again: a room that was lost and begun anew does not know of it. */
const restateMs = 10_000
const batch = 32
const giveUpHours = 48

interface TellDeps {
  db: RecordingDb
  bus: Bus
  clock: Clock
  log: Logger
}

/** Tells the room of a recording how it stands, at once if it can be. Never rejects. */
export type Announce = (row: RecordingRow) => Promise<void>
export const createAnnounce =
  (deps: TellDeps): Announce =>
  (row) =>
    tellRoom(deps, row)

/** Tells rooms and chats of recordings until they have confirmed it. Several replicas may do so at once: what is told again changes nothing. */
export const createNotifier = (deps: TellDeps): Poller =>
  createPoller(async () => {
    try {
      const [rooms, chats] = await Promise.all([untold(deps.db), unsaid(deps.db)])
      await Promise.all([...rooms.map((row) => tellRoom(deps, row)), ...chats.map((notice) => say(deps, notice))])
    } catch (err) {
      deps.log.warn({ err }, 'rooms cannot be told of recordings, it is tried again')
    }
  }, everyMs)

const untold = (db: RecordingDb): Promise<RecordingRow[]> =>
  db
    .selectFrom('recordings')
    .selectAll()
    .where('removed_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('told_rev', '<', eb.ref('rev')),
        eb.and([
          eb('status', 'in', ['requested', 'starting', 'recording', 'processing']),
          eb('told_at', '<', sql<Date>`clock_timestamp() - make_interval(secs => ${restateMs / 1000})`),
        ]),
      ]),
    )
    .orderBy(sql`told_at nulls first`)
    .limit(batch)
    .execute()

async function tellRoom({ db, bus, log }: TellDeps, row: RecordingRow): Promise<void> {
  const { id, meeting_id: meetingId, rev } = row
  try {
    await request(bus, signalingBus.recording, { meetingId, recording: recordingForRoom(row), rev })
    await db
      .updateTable('recordings')
      .set({ told_rev: sql`greatest(told_rev, ${rev})`, told_at: sql`clock_timestamp()` })
      .where('id', '=', id)
      .execute()
  } catch (err) {
    log.debug({ err, recordingId: id }, 'a room does not take the news of a recording, it is tried again')
  }
}

const unsaid = (db: RecordingDb): Promise<NoticeRow[]> =>
  db.selectFrom('recording_notices').selectAll().orderBy('created_at').limit(batch).execute()

async function say(
  { db, bus, clock, log }: TellDeps,
  { id, meeting_id: meetingId, text, created_at }: NoticeRow,
): Promise<void> {
  try {
    await request(bus, chatBus.system, { meetingId, noticeId: id, text, ...systemOf(id) })
  } catch (err) {
    const old = clock.now() - created_at.getTime() > giveUpHours * 3_600_000
    if (!old && !isProblem(err, 'invalid-input')) {
      log.debug({ err, meetingId }, 'a chat does not take a notice of a recording, it is tried again')
      return
    }
    log.warn({ err, meetingId }, 'a notice of a recording was never posted')
  }
  await db.deleteFrom('recording_notices').where('id', '=', id).execute()
}

/** The id of a notice says which recording it is about, and what of it. */
function systemOf(noticeId: string): { system?: SystemNotice } {
  const [, recordingId, kind] = /^rec-([0-9a-f-]{36})-([a-z]+)$/.exec(noticeId) ?? []
  if (recordingId === undefined) return {}
  return { system: { kind: `recording-${kind}`, data: { recordingId } } }
}
