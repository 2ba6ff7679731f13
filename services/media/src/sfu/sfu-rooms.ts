import { randomBytes } from 'node:crypto'
import { mediaBus } from '@parley/contracts'
import { ProblemError, publish, type Bus, type Logger } from '@parley/kit'
import type { JanusLink } from '../janus/janus-link.ts'
import type { RoomLimits, VideoRooms } from '../janus/video-room.ts'
import { chooseJanus } from './placement.ts'
import { countRooms, findRoom, putRoom, type OpenRoom, type RoomRow, type SfuDb } from './rooms-store.ts'
import { candidates } from './servers-store.ts'

/** A Janus as this replica reaches it. */
export interface JanusConnection {
  id: string
  url: string
  link: JanusLink
  rooms: VideoRooms
}

export interface SfuRoomsDeps {
  db: SfuDb
  bus: Bus
  log: Logger
  connections: ReadonlyMap<string, JanusConnection>
  /** Names of those that the configuration drains. */
  draining: ReadonlySet<string>
  limits: RoomLimits
}

/** Rooms of meetings: made at the first need, moved, closed. Of several replicas that do it at once one succeeds. */
export interface SfuRooms {
  find(meetingId: string): Promise<RoomRow | null>
  /** The room of a meeting, made if it has none. @throws ProblemError `sfu-unavailable` */
  open(meetingId: string): Promise<OpenRoom>
  /** Puts the room onto another Janus, or anew onto its own if that is in good health. False: there is none, or somebody else was first. */
  move(from: OpenRoom, away: 'from-its-janus' | 'to-any'): Promise<boolean>
  /** The meeting has no room any more. */
  close(room: OpenRoom): Promise<void>
}

const maxTries = 4

export function createSfuRooms(deps: SfuRoomsDeps): SfuRooms {
  const { db, log, connections } = deps

  /** Makes a room on the best Janus; the next best when that one does not answer. */
  async function make(meetingId: string, besides: readonly string[]): Promise<{ janusId: string; room: string }> {
    const tried = [...besides]
    for (let tries = 0; tries < maxTries; tries += 1) {
      const janus = await choose(deps, tried)
      if (janus === null) break
      const room = newRoomId()
      try {
        await janus.rooms.create(room, deps.limits)
        return { janusId: janus.id, room }
      } catch (err) {
        log.warn({ err, janus: janus.id, meetingId }, 'a Janus could not make a room')
        tried.push(janus.id)
      }
    }
    throw new ProblemError('sfu-unavailable')
  }
  async function put(meetingId: string, known: number, at: { janusId: string; room: string } | null) {
    const generation = await putRoom(db, { meetingId, known, at }).catch(async (error: unknown) => {
      if (at !== null) await destroy(at)
      throw error
    })
    if (generation !== null) publish(deps.bus, mediaBus.sfuChanged, {}, { meetingId, generation })
    else if (at !== null) await destroy(at)
    return generation
  }
  /** The replica that keeps the Janus sweeps a room that cannot be destroyed now. */
  const destroy = async ({ janusId, room }: { janusId: string; room: string }): Promise<void> =>
    connections
      .get(janusId)
      ?.rooms.destroy(room)
      .catch((err: unknown) => log.debug({ err, janus: janusId }, 'a room is left to the sweep'))

  return {
    find: (meetingId) => findRoom(db, meetingId),
    async open(meetingId) {
      if (connections.size === 0) throw new ProblemError('sfu-unavailable')
      for (let tries = 0; tries < maxTries; tries += 1) {
        const found = await findRoom(db, meetingId)
        if (found !== null && found.janusId !== null) return found
        const known = found?.generation ?? 0
        const at = await make(meetingId, [])
        const generation = await put(meetingId, known, at)
        if (generation !== null) return { meetingId, generation, ...at }
      }
      throw new ProblemError('sfu-unavailable')
    },
    async move(from, away) {
      const { meetingId, generation, janusId } = from
      try {
        const at = await make(meetingId, away === 'to-any' ? [] : [janusId])
        const moved = await put(meetingId, generation, at)
        if (moved !== null) log.info({ meetingId, from: janusId, to: at.janusId }, 'the room of a meeting has moved')
        return moved !== null
      } catch (error) {
        if (error instanceof ProblemError && error.code === 'sfu-unavailable') return false
        throw error
      }
    },
    async close({ meetingId, generation, janusId, room }) {
      if ((await put(meetingId, generation, null)) !== null) await destroy({ janusId, room })
    },
  }
}

async function choose(
  { db, connections, draining }: SfuRoomsDeps,
  besides: readonly string[],
): Promise<JanusConnection | null> {
  const ids = [...connections.keys()].filter((id) => !draining.has(id) && !besides.includes(id))
  const [found, rooms] = await Promise.all([candidates(db, ids), countRooms(db)])
  const id = chooseJanus(found.map((one) => ({ ...one, rooms: rooms.get(one.id) ?? 0 })))
  return id === null ? null : (connections.get(id) ?? null)
}

/** 144 random bits. */
const newRoomId = (): string => randomBytes(18).toString('base64url')
