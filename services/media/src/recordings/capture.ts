import { setTimeout as sleep } from 'node:timers/promises'
import { isProblem, type Logger } from '@parley/kit'
import type { JanusConnection, SfuRooms } from '../sfu/sfu-rooms.ts'
import { begun, ended, failed, gotMedia, withoutMedia, type RecordingChange } from './changes.ts'
import { mediaMsIn } from './film/mjr.ts'
import { closed, freeBytes, makePartFolder, partFolder, type Places } from './folders.ts'
import type { Job } from './job.ts'
import { addPart, change, noteMedia, partsOf, type Held, type Lease, type NewPart, type RecordingDb } from './store.ts'
import type { PartRow, StopReason } from './tables.ts'
import type { Announce } from './tell.ts'
import type { RoomWatch } from './room-watch.ts'

export interface CaptureDeps {
  db: RecordingDb
  log: Logger
  announce: Announce
  rooms: Pick<SfuRooms, 'find' | 'open'>
  connections: ReadonlyMap<string, JanusConnection>
  places: Places
  watch: (lease: Lease, meetingId: string) => RoomWatch
  limits: { maxMs: number; minFreeBytes: number; emptyMs: number }
}

const stepMs = 150
/** How often a Janus is told again: it forgets with its room. */
const insistMs = 3_000
/** Without sound or picture for so long, hosts are told. */
const silentMs = 15_000
/** Without any Janus for so long, the recording fails. */
const noSfuMs = 15_000
const closingMs = 2_000
/** A picture can be seen from its next key frame on: the one that Janus asks for at the beginning may be late, or get lost. */
const keyFrameSeconds = { atFirst: 1, later: 3 }

/** Has the SFU record a meeting, wherever its room is, until it is to end. */
export const createCapture =
  (deps: CaptureDeps) =>
  (lease: Lease): Job =>
  async (signal, look) => {
    const first = await look()
    const capture = new Capture(deps, lease, deps.watch(lease, first.meeting_id))
    for (;;) {
      const row = await look()
      if (await capture.step(row)) return { again: 0 }
      await sleep(stepMs, undefined, { signal })
    }
  }

class Capture {
  readonly #deps: CaptureDeps
  readonly #lease: Lease
  readonly #watch: RoomWatch
  #insistedAt = Number.NEGATIVE_INFINITY
  #withoutSince: number | null = null

  constructor(deps: CaptureDeps, lease: Lease, watch: RoomWatch) {
    this.#deps = deps
    this.#lease = lease
    this.#watch = watch
  }

  /** True once nothing more is to be recorded. */
  async step(row: Held): Promise<boolean> {
    await this.#watch.look()
    const reason = row.stop_reason ?? (await this.#reasonToStop(row))
    if (reason !== null) return this.#end(row, reason)
    const part = await this.#follow(row)
    if (part === 'failed') return true
    if (part !== null) await this.#noteMedia(row, part)
    return false
  }

  async #reasonToStop(row: Held): Promise<StopReason | null> {
    const { limits, places } = this.#deps
    if (this.#watch.over) return 'meeting-over'
    if (this.#watch.emptyMs > limits.emptyMs) return 'empty'
    if ((row.length_ms ?? 0) > limits.maxMs) return 'too-long'
    return (await freeBytes(places.tracks)) < limits.minFreeBytes ? 'disk-full' : null
  }

  /** Has the room record, where it is now: the newest part. Null while there is no room; then it has failed after a while. */
  async #follow(row: Held): Promise<PartRow | 'failed' | null> {
    const { db, connections, log } = this.#deps
    const parts = await partsOf(db, row.id)
    const last = parts.at(-1)
    const room = await this.#room(row)
    if (room === null) return last === undefined && (await this.#giveUp()) ? 'failed' : (last ?? null)
    if (last?.generation === room.generation && performance.now() - this.#insistedAt < insistMs) return last
    const janus = connections.get(room.janusId)
    if (janus === undefined) return last ?? null
    const isNew = last?.generation !== room.generation
    const number = isNew ? parts.length : (last?.number ?? 0)
    const part = { recording_id: row.id, number, janus_id: room.janusId, room: room.room, generation: room.generation }
    try {
      await this.#tellJanus(janus, part, isNew)
    } catch (err) {
      log.info({ err, recordingId: row.id, janus: janus.id }, 'a Janus does not record yet, it is tried again')
      return last ?? null
    }
    this.#insistedAt = performance.now()
    if (isNew) await addPart(db, part)
    if (row.status === 'requested') await this.#change(begun)
    return isNew ? { ...part, first_media_at: null, lead_ms: 0 } : (last ?? null)
  }

  async #room({ meeting_id: meetingId, status }: Held) {
    const { rooms, log } = this.#deps
    try {
      const found = await rooms.find(meetingId)
      if (found !== null && found.janusId !== null) return found
      // A room that was closed belongs to a meeting that is over, unless it is only beginning.
      return status === 'requested' ? await rooms.open(meetingId) : null
    } catch (err) {
      if (!isProblem(err, 'sfu-unavailable')) throw err
      log.debug({ err, meetingId }, 'no Janus takes the room of a meeting that is to be recorded')
      return null
    }
  }

  async #giveUp(): Promise<boolean> {
    this.#withoutSince ??= performance.now()
    if (performance.now() - this.#withoutSince < noSfuMs) return false
    await this.#change(failed('sfu-unavailable'))
    return true
  }

  /** A room that recorded before into another folder begins anew. */
  async #tellJanus({ rooms }: JanusConnection, { recording_id: id, number, room }: NewPart, isNew: boolean) {
    const { places } = this.#deps
    if (isNew) {
      await makePartFolder(places, id, number)
      await rooms.record(room, false)
    }
    const folder = partFolder(places.tracksAtJanus, id, number)
    await rooms.edit(room, { new_rec_dir: folder })
    await rooms.record(room, true)
    // Only now, since this key frame has to be recorded. A browser ignores a second request for one within 300 ms.
    await rooms.edit(room, { new_fir_freq: isNew ? keyFrameSeconds.atFirst : keyFrameSeconds.later })
  }

  async #noteMedia(row: Held, part: PartRow): Promise<void> {
    const { db, places } = this.#deps
    const leadMs = part.first_media_at === null ? await mediaMsIn(partFolder(places.tracks, row.id, part.number)) : null
    if (leadMs !== null) await noteMedia(db, part, leadMs)
    if (row.first_media_at === null && leadMs !== null) await this.#change(gotMedia)
    else if (row.status === 'starting' && row.age_ms > silentMs && row.failure_code === null)
      await this.#change(withoutMedia)
  }

  /** A Janus that does not answer records on until its room is gone; what it has written by now is used. */
  async #end({ id, first_media_at: firstMediaAt }: Held, reason: StopReason): Promise<true> {
    const { db, connections, log, places } = this.#deps
    const parts = await partsOf(db, id)
    const last = parts.at(-1)
    let endedAt = performance.now()
    if (last !== undefined) {
      const rooms = connections.get(last.janus_id)?.rooms
      await rooms
        ?.record(last.room, false)
        .catch((err: unknown) => log.info({ err, recordingId: id }, 'a Janus was not told that a recording has ended'))
      endedAt = performance.now()
      await rooms
        ?.edit(last.room, { new_fir_freq: 0 })
        .catch((err: unknown) => log.debug({ err, recordingId: id }, 'a Janus goes on to ask for key frames'))
      const folder = partFolder(places.tracks, id, last.number)
      await closed(folder, closingMs)
      const leadMs = firstMediaAt === null ? await mediaMsIn(folder) : null
      if (leadMs !== null) await this.#change(gotMedia)
    }
    await this.#change(ended(reason, performance.now() - endedAt))
    return true
  }

  async #change(what: RecordingChange): Promise<void> {
    const row = await change(this.#deps.db, this.#lease, what)
    if (row === undefined) throw new Error('the recording is another replica’s by now')
    await this.#deps.announce(row)
  }
}
