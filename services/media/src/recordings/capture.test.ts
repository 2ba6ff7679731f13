import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatBus, signalingBus, type Recording } from '@parley/contracts'
import {
  respond,
  createLogger,
  createMemoryBus,
  migrate,
  newId,
  openDatabase,
  systemClock,
  type DatabaseHost,
  type Poller,
} from '@parley/kit'
import { eventually, startJanus, type RunningJanus } from '@parley/kit/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JanusLink } from '../janus/janus-link.ts'
import { createVideoRooms } from '../janus/video-room.ts'
import { migrations } from '../migrations/index.ts'
import type { JanusConnection } from '../sfu/sfu-rooms.ts'
import { createCapture, type CaptureDeps } from './capture.ts'
import { Director } from './director.ts'
import { RoomWatch } from './room-watch.ts'
import { askToStop, findRecording, insertRecording, type RecordingDb } from './store.ts'
import type { RecordingRow } from './tables.ts'
import { createAnnounce, createNotifier } from './tell.ts'

const log = createLogger({ service: 'capture-test', level: 'error' })

describe('V3 what is recorded by a real Janus', () => {
  let folder = ''
  let janus: RunningJanus
  let link: JanusLink
  let host: DatabaseHost
  let db: RecordingDb
  let director: Director
  let teller: Poller
  let connection: JanusConnection
  const bus = createMemoryBus({ log })
  const told: Recording[] = []
  const said: string[] = []
  const limits: CaptureDeps['limits'] = { maxMs: 3_600_000, minFreeBytes: 0, emptyMs: 60_000 }
  const meetingId = newId()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-capture-'))
    janus = await startJanus({ recordingsDir: folder })
    link = new JanusLink({ server: janus, secrets: janus.secrets, log, clock: systemClock })
    await link.start()
    connection = { id: janus.id, url: janus.url, link, rooms: createVideoRooms(link, janus.secrets) }
    await connection.rooms.create('room', { bitrate: 1_000_000, meetingBitrate: 5_000_000, publishers: 5 })
    host = await openDatabase({}, { log })
    await migrate(host, { schema: 'media', migrations })
    db = host.schema('media')
    standIns()
    const places = { tracks: folder, tracksAtJanus: folder, work: join(folder, 'work') }
    const room = { meetingId, generation: 1, janusId: janus.id, room: 'room' }
    const announce = createAnnounce({ db, bus, clock: systemClock, log })
    teller = createNotifier({ db, bus, clock: systemClock, log })
    void teller.start()
    const capture = createCapture({
      db,
      log,
      announce,
      places,
      limits,
      connections: new Map([[janus.id, connection]]),
      rooms: { find: async () => ({ ...room, changedMsAgo: 0 }), open: async () => room },
      watch: (lease, id) => new RoomWatch({ db, bus, log }, lease, id),
    })
    director = new Director({ db, log, holder: 'one', capture, develop: () => async () => ({ again: 60_000 }) })
    director.start()
  }, 60_000)
  afterAll(async () => {
    await director.stop()
    teller.stop()
    link.stop()
    await janus.stop()
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Signaling, meetings and the chat. */
  function standIns(): void {
    const participant = { participantId: newId(), userId: newId(), name: 'Ann', role: 'host' as const }
    const roster = [{ ...participant, joinedAt: new Date().toISOString() }]
    respond(bus, signalingBus.roster, 'signaling', async () => ({ people: roster }), log)
    respond(
      bus,
      signalingBus.recording,
      'signaling',
      async ({ recording }) => {
        told.push(recording)
        return {}
      },
      log,
    )
    respond(
      bus,
      chatBus.system,
      'chat',
      async ({ text, noticeId }) => {
        said.push(text)
        const sender = { id: meetingId, name: 'System' }
        const sentAt = new Date().toISOString()
        return {
          message: { id: newId(), seq: 1, type: 'system' as const, text, sender, clientMessageId: noticeId, sentAt },
        }
      },
      log,
    )
  }

  /** Begun now, or so many seconds ago as far as the row tells. */
  async function begin(set: { startedAgo?: number; mediaAgo?: number } = {}): Promise<string> {
    const ago = (seconds: number) => sql<Date>`clock_timestamp() - make_interval(secs => ${seconds})`
    const { id } = await insertRecording(db, {
      id: newId(),
      meeting_id: meetingId,
      layout: 'grid',
      started_by: newId(),
    })
    const { startedAgo = 0, mediaAgo } = set
    await db
      .updateTable('recordings')
      .set({ started_at: ago(startedAgo), ...(mediaAgo !== undefined && { first_media_at: ago(mediaAgo) }) })
      .where('id', '=', id)
      .execute()
    director.wake()
    return id
  }
  const reaches = (id: string, is: (row: RecordingRow) => boolean) =>
    eventually(async () => {
      const row = await findRecording(db, id)
      if (row === undefined || !is(row)) throw new Error(JSON.stringify(row))
      return row
    }, 15_000)

  test('without sound or picture for 15 s everybody is told; it goes on, and is stopped as any other', async () => {
    const id = await begin({ startedAgo: 12 })
    expect(await reaches(id, ({ status }) => status === 'starting')).toMatchObject({ failure_code: null })
    expect(await reaches(id, ({ failure_code: code }) => code === 'no-media')).toMatchObject({ status: 'starting' })
    await eventually(() => expect(said.join()).toContain('empty so far'), 15_000)
    expect(told.at(-1)?.failure?.code).toBe('no-media')
    await askToStop(db, id)
    expect(await reaches(id, ({ status }) => status === 'processing')).toMatchObject({ failure_code: null })
  }, 60_000)

  test('the longest time that is allowed ends it; everybody is told', async () => {
    const id = await begin({ mediaAgo: limits.maxMs / 1_000 - 2 })
    await reaches(id, ({ status }) => status === 'starting')
    expect(await reaches(id, ({ status }) => status === 'processing')).toMatchObject({
      stop_reason: 'too-long',
      failure_code: 'too-long',
    })
    await eventually(() => expect(said.join()).toContain('longest time'), 15_000)
  }, 60_000)

  test('a disk that is full ends it in order; everybody is told', async () => {
    const id = await begin()
    await reaches(id, ({ status }) => status === 'starting')
    limits.minFreeBytes = Number.MAX_SAFE_INTEGER
    expect(await reaches(id, ({ status }) => status === 'processing')).toMatchObject({
      stop_reason: 'disk-full',
      failure_code: 'disk-full',
    })
    await eventually(() => expect(said.join()).toContain('no space left'), 5_000)
    expect(told.map(({ status }) => status)).toEqual(expect.arrayContaining(['starting', 'processing']))
    expect(told.at(-1)?.failure?.code).toBe('disk-full')
  }, 30_000)
})
