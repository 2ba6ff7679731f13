import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { recordingsOperations } from '@parley/contracts'
import type { Bus, Clock, Handlers, Logger, Metrics, Objects, Poller } from '@parley/kit'
import type { MediaConfig } from '../config.ts'
import type { JanusConnection, SfuRooms } from '../sfu/sfu-rooms.ts'
import { createCapture } from './capture.ts'
import { createDevelop } from './develop.ts'
import { Director } from './director.ts'
import type { Places } from './folders.ts'
import { RoomWatch } from './room-watch.ts'
import { playHandlers, type PlayDeps } from './playing.ts'
import { recordingHandlers } from './routes.ts'
import type { RecordingDb } from './store.ts'
import type { RecordingRow } from './tables.ts'
import { createSweep } from './sweep.ts'
import { createAnnounce, createNotifier, type Announce } from './tell.ts'

export interface RecordingDeps {
  config: MediaConfig
  bus: Bus
  clock: Clock
  db: RecordingDb
  log: Logger
  metrics: Metrics
  objects: Objects
  links: PlayDeps['links']
  instanceId: string
  sfu: { rooms: SfuRooms; connections: ReadonlyMap<string, JanusConnection> }
}

export interface RecordingService {
  handlers: Handlers<typeof recordingsOperations>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Recordings: started and stopped by people, made by the replicas. */
export function createRecordings(deps: RecordingDeps): RecordingService {
  const { config, bus, clock, db, log, metrics, objects, links } = deps
  const places = placesOf(config)
  const announce = createAnnounce({ db, bus, clock, log })
  const director = places === null ? null : directorOf(deps, places, announce)
  const begin = async (row: RecordingRow) => {
    await announce(row)
    director?.wake()
  }
  const minFreeBytes = config.RECORDING_MIN_FREE_MB * 1024 * 1024
  const limits = { perMeeting: config.RECORDING_MAX_PER_MEETING, minFreeBytes }
  const pollers: Poller[] = [
    createNotifier({ db, bus, clock, log }),
    createSweep({
      db,
      bus,
      clock,
      log,
      objects,
      places,
      retentionDays: config.RECORDING_RETENTION_DAYS,
      rawDays: config.RECORDING_RAW_DAYS,
    }),
  ]
  metrics.reading('parley_media_recordings', 'Recordings that this replica works on', () => director?.running ?? 0)
  return {
    handlers: {
      ...recordingHandlers({ db, bus, places, limits, begin }),
      ...playHandlers({
        db,
        bus,
        clock,
        objects,
        links,
        linkSeconds: config.FILES_LINK_SECONDS,
        publicUrl: config.PUBLIC_URL,
      }),
    },
    async start() {
      if (places !== null) for (const folder of [places.tracks, places.work]) await mkdir(folder, { recursive: true })
      director?.start()
      for (const poller of pollers) void poller.start()
    },
    async stop() {
      await director?.stop()
      for (const poller of pollers) poller.stop()
    },
  }
}

/** Null where there is nothing that records. */
function placesOf(config: MediaConfig): Places | null {
  const tracks = config.JANUS_RECORDINGS_DIR
  if (tracks === undefined || config.JANUS_SERVERS.length === 0) return null
  return {
    tracks,
    tracksAtJanus: config.JANUS_RECORDINGS_DIR_AT_JANUS ?? tracks,
    work: config.RECORDING_WORK_DIR ?? join(tracks, 'work'),
  }
}

function directorOf(deps: RecordingDeps, places: Places, announce: Announce): Director {
  const { config, bus, db, log, objects, instanceId, sfu } = deps
  const limits = {
    maxMs: config.RECORDING_MAX_MINUTES * 60_000,
    minFreeBytes: config.RECORDING_MIN_FREE_MB * 1024 * 1024,
    emptyMs: config.RECORDING_EMPTY_SECONDS * 1000,
  }
  const watch = (lease: { id: string; fence: number }, meetingId: string) =>
    new RoomWatch({ db, bus, log }, lease, meetingId)
  return new Director({
    db,
    log,
    holder: instanceId,
    capture: createCapture({
      db,
      log,
      announce,
      places,
      limits,
      watch,
      rooms: sfu.rooms,
      connections: sfu.connections,
    }),
    develop: createDevelop({
      db,
      log,
      announce,
      objects,
      places,
      threads: config.RECORDING_THREADS,
      deadlineMs: config.RECORDING_STEP_MINUTES * 60_000,
    }),
  })
}
