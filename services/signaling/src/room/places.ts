import type { RoomChange, Meeting, ProblemCode, Seat } from '@parley/contracts'
import type { RoomState } from './state.ts'

/** Places that one person may hold at once unless the setting says otherwise: a laptop, a phone, a screen in the room. */
export const defaultSeatsPerPerson = 3

/** Why somebody finds no place. */
export interface NoPlace {
  refused: ProblemCode
  detail: string
}

interface Newcomer {
  userId: string
  role: Seat['participant']['role']
  meeting: Meeting
  seatsPerPerson: number | undefined
}

/**
 * The one rule on places in a room, for joining and for coming back: what has to be given up for the newcomer, or why there is no
 * place. `maxParticipants` counts people, on however many devices each is. The host always gets in. A person has `seatsPerPerson`
 * places, and a place that is held for its lost socket goes first: whoever joins anew does not wait for their own grace to be over.
 */
export function placeFor(room: RoomState, newcomer: Newcomer): RoomChange[] | NoPlace {
  const { userId, role, meeting, seatsPerPerson = defaultSeatsPerPerson } = newcomer
  const own = [...room.seats.values()].filter(({ participant }) => participant.userId === userId)
  const held = longestLost(own)
  if (own.length - (held ? 1 : 0) >= seatsPerPerson)
    return {
      refused: 'seat-limit',
      detail: `You are in this meeting on ${seatsPerPerson} devices; leave on one of them`,
    }
  if (own.length === 0 && role !== 'host' && usersIn(room) >= meeting.maxParticipants)
    return { refused: 'meeting-full', detail: `The meeting is full: it has room for ${meeting.maxParticipants} people` }
  return held ? [{ kind: 'left', participantId: held.participant.id, reason: 'timeout' }] : []
}

export const isNoPlace = (found: RoomChange[] | NoPlace): found is NoPlace => !Array.isArray(found)

/** How many people are in the room, each once. */
const usersIn = ({ seats }: Pick<RoomState, 'seats'>): number =>
  new Set([...seats.values()].map(({ participant }) => participant.userId)).size

/** Of these seats the one whose socket has been gone for the longest time. */
function longestLost(seats: readonly Seat[]): Seat | null {
  let found: Seat | null = null
  for (const seat of seats) if (seat.lostAt !== null && (found?.lostAt ?? Infinity) > seat.lostAt) found = seat
  return found
}

/**
 * Sessions of this person that gave up their places and can still be resumed, beyond the number of places: the
 * oldest are forgotten, so that joining and dropping again and again makes no room grow.
 */
export const tooManyParked = (
  { parked }: Pick<RoomState, 'parked'>,
  userId: string,
  seatsPerPerson = defaultSeatsPerPerson,
): string[] =>
  [...parked.values()]
    .filter(({ participant }) => participant.userId === userId)
    .toSorted((a, b) => (a.lostAt ?? 0) - (b.lostAt ?? 0))
    .slice(0, -seatsPerPerson)
    .map(({ participant }) => participant.id)
