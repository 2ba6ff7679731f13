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
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JanusLink } from '../janus/janus-link.ts'
import { createVideoRooms } from '../janus/video-room.ts'
import { migrations } from '../migrations/index.ts'
import type { JanusPeer } from '../sfu/sfu-rooms.ts'
import { createCapture, type CaptureDeps } from './capture.ts'
import { Director } from './director.ts'
import { RoomWatch } from './room-watch.ts'
import { findRecording, insertRecording, type RecordingDb } from './store.ts'
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
  let peer: JanusPeer
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
    peer = { id: janus.id, url: janus.url, link, rooms: createVideoRooms(link, janus.secrets) }
    await peer.rooms.create('room', { bitrate: 1_000_000, publishers: 5 })
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
      peers: new Map([[janus.id, peer]]),
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
    const person = { participantId: newId(), userId: newId(), name: 'Ann', role: 'host' as const }
    const people = [{ ...person, joinedAt: new Date().toISOString() }]
    respond(bus, signalingBus.roster, 'signaling', async () => ({ people }), log)
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

  test('a disk that is full ends it in order; everybody is told', async () => {
    const { id } = await insertRecording(db, {
      id: newId(),
      meeting_id: meetingId,
      layout: 'grid',
      started_by: newId(),
    })
    const reaches = (status: string) =>
      eventually(async () => {
        const row = await findRecording(db, id)
        if (row?.status !== status) throw new Error(`${row?.status}`)
        return row
      }, 10_000)
    director.wake()
    await reaches('starting')
    limits.minFreeBytes = Number.MAX_SAFE_INTEGER
    expect(await reaches('processing')).toMatchObject({ stop_reason: 'disk-full', failure_code: 'disk-full' })
    await eventually(() => expect(said.join()).toContain('no space left'), 5_000)
    expect(told.map(({ status }) => status)).toEqual(expect.arrayContaining(['starting', 'processing']))
    expect(told.at(-1)?.failure?.code).toBe('disk-full')
  }, 30_000)
})
