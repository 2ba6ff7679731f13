import type { JanusPlace } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Rosters } from './rosters.ts'
import type { RoomLimits } from '../janus/video-room.ts'
import { bitrateFor } from './limits.ts'
import { findRooms, type RoomRow } from './rooms-store.ts'
import type { JanusConnection, SfuRoomsDeps } from './sfu-rooms.ts'

interface AccessDeps extends Pick<SfuRoomsDeps, 'db'> {
  connections: ReadonlyMap<string, JanusConnection>
  rosters: Rosters
}

/** After a move, those who are at the old Janus have this long to connect to the new one. */
const movingMs = 15_000
/** How old a roster may be by which places are found to have ended; news of the room are quicker. */
const rosterAgeMs = 1_500
const askedAtOnce = 16

/**
 * The Janus and the room of a place that somebody may have now.
 * @throws ProblemError `forbidden`, `unavailable`
 */
export async function accessOrThrow(
  { db, connections, rosters }: AccessDeps,
  place: JanusPlace,
): Promise<{ url: string; room: string }> {
  const [[row], { people }] = await Promise.all([findRooms(db, [place.meetingId]), rosters.now(place.meetingId)])
  if (!people.some(({ participantId, userId }) => participantId === place.participantId && userId === place.userId))
    throw new ProblemError('forbidden', 'You are not in the room of this meeting')
  const janus = connections.get(place.janusId)
  if (row === undefined || row.janusId === null || row.janusId !== place.janusId || janus === undefined)
    throw new ProblemError('forbidden', 'The room of this meeting is not at this Janus; ask for a new janus-token')
  return { url: janus.url, room: row.room }
}

/**
 * The indices of places that have ended, and the bitrate that each place may send now (0: not known). A place whose state is not known has
 * not ended.
 */
export async function lookAtPlaces(
  deps: AccessDeps & { limits: RoomLimits },
  places: readonly JanusPlace[],
): Promise<{ ended: number[]; bitrates: number[] }> {
  const meetingIds = [...new Set(places.map(({ meetingId }) => meetingId))]
  const rows = new Map((await findRooms(deps.db, meetingIds)).map((row) => [row.meetingId, row]))
  const present = new Map<string, Present | null>()
  const queue = [...meetingIds]
  const work = async (): Promise<void> => {
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) present.set(id, await presentIn(deps, id))
  }
  await Promise.all(Array.from({ length: askedAtOnce }, work))
  const isThere = (place: JanusPlace) => present.get(place.meetingId)?.places ?? null
  return {
    ended: places.flatMap((place, index) => (isOver(place, rows.get(place.meetingId), isThere(place)) ? [index] : [])),
    bitrates: places.map(({ meetingId }) => present.get(meetingId)?.bitrate ?? 0),
  }
}

interface Present {
  places: ReadonlySet<string>
  bitrate: number
}

/** Null: not known. */
async function presentIn(
  { rosters, limits }: { rosters: Rosters; limits: RoomLimits },
  meetingId: string,
): Promise<Present | null> {
  try {
    const { ended, people } = await rosters.recent(meetingId, rosterAgeMs)
    const places = new Set(ended ? [] : people.map(({ participantId, userId }) => `${participantId} ${userId}`))
    return { places, bitrate: bitrateFor(people, limits) }
  } catch {
    return null
  }
}

function isOver(place: JanusPlace, row: RoomRow | undefined, present: ReadonlySet<string> | null): boolean {
  if (present?.has(`${place.participantId} ${place.userId}`) === false) return true
  if (row === undefined) return true
  return row.janusId !== place.janusId && row.changedMsAgo > movingMs
}

/** Takes out the feed of a place; nothing if it is not there. @throws ProblemError as `accessOrThrow`, `unavailable` */
export async function freeFeedOrThrow(deps: AccessDeps, place: JanusPlace): Promise<void> {
  const { room } = await accessOrThrow(deps, place)
  try {
    await deps.connections.get(place.janusId)?.rooms.kick(room, place.participantId)
  } catch (cause) {
    throw new ProblemError('unavailable', 'Janus does not answer', {}, { cause })
  }
}
