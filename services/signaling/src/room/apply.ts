import {
  wire,
  type RoomChange,
  type Fact,
  type Participant,
  type RosterEntry,
  type Seat,
  type ServerMessage,
  type ShownParticipant,
} from '@parley/contracts'
import { newId } from '@parley/kit'
import {
  commandField,
  departureFields,
  recordingField,
  roomFields,
  seatFields,
  type RoomDraft,
  type RoomState,
} from './state.ts'

/** As long as a session can be resumed, and some more, somebody may come and ask why it is gone. */
const rememberDeparturesMs = wire.resumeWindowMs + 3 * wire.graceMs
const maxDepartures = 256

/** Carries out one change in a draft: one version more. Changes come from `decide`, here or on another node. */
export function apply(room: RoomDraft, change: RoomChange): void {
  room.v += 1
  if (change.seq !== undefined) room.commandSeq = Math.max(room.commandSeq, change.seq)
  switch (change.kind) {
    case 'joined':
      room.parked.delete(change.seat.participant.id)
      room.seats.set(change.seat.participant.id, change.seat)
      return
    case 'seat':
      return updateSeat(room, change.participantId, (seat) => ({
        ...seat,
        node: change.node ?? seat.node,
        resumeHash: change.resumeHash ?? seat.resumeHash,
        ...(change.resumeHashBefore && { resumeHashBefore: change.resumeHashBefore }),
        lostAt: change.lostAt === undefined ? seat.lostAt : change.lostAt,
        participant: withChanged(seat.participant, change),
      }))
    case 'left': {
      const seat = room.seats.get(change.participantId)
      room.seats.delete(change.participantId)
      room.parked.delete(change.participantId)
      if (seat && change.reason === 'timeout') room.parked.set(change.participantId, seat)
      return rememberDeparture(room, change)
    }
    case 'media': {
      const { mic, cam, screen } = change
      return updateParticipant(room, change.participantId, { mic, cam, screen })
    }
    case 'hand':
      // The version is unique and grows, so it orders the hands.
      return updateParticipant(room, change.participantId, { hand: change.raised ? room.v : null })
    case 'meeting':
      room.meeting = change.meeting
      return
    case 'recording':
      room.recording = { recording: change.recording, rev: change.rev }
      return
    case 'ended':
      room.ended = change.reason
      room.seats.clear()
      room.parked.clear()
      room.departures.clear()
      return
    case 'noted':
      return
    default:
      change satisfies never
  }
}

/** A participant with a socket on a node that does not hear of it is told why; who timed out may come back instead. */
function rememberDeparture(
  room: RoomDraft,
  { participantId, reason, by, ban, at }: Extract<RoomChange, { kind: 'left' }>,
): void {
  if (at === undefined || (reason !== 'left' && reason !== 'kicked')) return
  for (const [id, departure] of room.departures)
    if (departure.at + rememberDeparturesMs < at || room.departures.size >= maxDepartures) room.departures.delete(id)
  room.departures.set(participantId, { reason, at, ...(by && { by }), ...(ban && { ban }) })
}

type SeatChange = Extract<RoomChange, { kind: 'seat' }>

const withChanged = (participant: Participant, change: SeatChange): Participant => ({
  ...participant,
  ...shownOf(change),
})

/** The part of a change of a seat that everybody sees. */
const shownOf = ({ connection, role, name, spotlight }: SeatChange): Partial<Participant> => ({
  ...(connection && { connection }),
  ...(role && { role }),
  ...(name && { name }),
  ...(spotlight !== undefined && { spotlight }),
})

function updateSeat(room: RoomDraft, participantId: string, update: (seat: Seat) => Seat): void {
  const seats = room.seats.has(participantId) ? room.seats : room.parked
  const seat = seats.get(participantId)
  if (seat) seats.set(participantId, update(seat))
}

const updateParticipant = (room: RoomDraft, participantId: string, changed: Partial<Participant>): void =>
  updateSeat(room, participantId, (seat) => ({ ...seat, participant: { ...seat.participant, ...changed } }))

/** The fields of the document that a change touched, read from the state after it. */
export function fieldsOf(change: RoomChange, after: RoomDraft, before: RoomDraft): Record<string, string | null> {
  return { ...touchedBy(change, after, before), ...(change.seq !== undefined && commandField(after)) }
}

function touchedBy(change: RoomChange, after: RoomDraft, before: RoomDraft): Record<string, string | null> {
  switch (change.kind) {
    case 'joined':
      return seatFields(after, change.seat.participant.id)
    case 'left':
      return { ...seatFields(after, change.participantId), ...departureFields(before, after) }
    case 'seat':
    case 'media':
    case 'hand':
      return seatFields(after, change.participantId)
    case 'meeting':
      return roomFields(after)
    case 'recording':
      return recordingField(after)
    case 'ended':
      return Object.assign(
        roomFields(after),
        departureFields(before, after),
        ...[...before.seats.keys(), ...before.parked.keys()].map((id) => seatFields(after, id)),
      )
    case 'noted':
      return {}
  }
}

/** The broadcast that tells a change; `room` is the state after it. */
export function render(change: RoomChange, room: RoomDraft): ServerMessage {
  const { v } = room
  switch (change.kind) {
    case 'joined':
      return { type: 'participant.joined', payload: { v, participant: change.seat.participant } }
    case 'seat':
      return { type: 'participant.updated', payload: { v, participantId: change.participantId, ...shownOf(change) } }
    case 'left':
      return { type: 'participant.left', payload: { v, participantId: change.participantId, reason: change.reason } }
    case 'media': {
      const { participantId, mic, cam, screen, by } = change
      return { type: 'media.changed', payload: { v, participantId, mic, cam, screen, ...(by && { by }) } }
    }
    case 'hand':
      return { type: 'hand.changed', payload: { v, ...handOf(room, change.participantId) } }
    case 'meeting':
      return { type: 'meeting.updated', payload: { v, meeting: change.meeting } }
    case 'recording':
      return { type: 'recording.changed', payload: { v, recording: change.recording } }
    case 'ended':
      return { type: 'room.ended', payload: { reason: change.reason } }
    case 'noted':
      return { type: 'room.delta', payload: { v, upserts: [], left: [] } }
  }
}

function handOf(room: RoomDraft, participantId: string) {
  const hand = room.seats.get(participantId)?.participant.hand ?? null
  if (hand === null) return { participantId, raised: false, position: null, hand }
  let position = 1
  for (const { participant } of room.seats.values())
    if (participant.hand !== null && participant.hand < hand) position += 1
  return { participantId, raised: true, position, hand }
}

/** The durable facts of a change, for the stream that meetings reads. */
export function factsOf(change: RoomChange, before: RoomDraft, after: RoomDraft, now: number): Fact[] {
  const fact = (kind: 'joined' | 'left', { participant }: Seat): Fact => ({
    id: newId(),
    // The time of the store that this node knows may be behind that of the node they came in on.
    at: new Date(kind === 'left' ? Math.max(now, Date.parse(participant.joinedAt) + 1) : now).toISOString(),
    meetingId: after.meetingId,
    kind,
    participantId: participant.id,
    userId: participant.userId,
    name: participant.name,
    role: participant.role,
    present: after.seats.size,
  })
  if (change.kind === 'joined') return [fact('joined', change.seat)]
  if (change.kind === 'ended') return [...before.seats.values()].map((seat) => fact('left', seat))
  const seat = change.kind === 'left' ? before.seats.get(change.participantId) : undefined
  return seat ? [fact('left', seat)] : []
}

/** Tells meetings that the room was restored, and who is in it. */
export const restoredFact = ({ meetingId, seats }: RoomState, now: number): Fact => ({
  id: newId(),
  at: new Date(now).toISOString(),
  meetingId,
  kind: 'restored',
  people: rosterOf({ seats }),
})

export const rosterOf = ({ seats }: Pick<RoomState, 'seats'>): RosterEntry[] =>
  [...seats.values()].map(({ participant: { id, userId, name, role, joinedAt } }) => ({
    participantId: id,
    userId,
    name,
    role,
    joinedAt,
  }))

/** The media that the SFU may forward, and what a list of the participants says of each. */
export const shownIn = ({ meeting, ended, seats }: Pick<RoomState, 'meeting' | 'ended' | 'seats'>) => ({
  meeting,
  ended: ended !== null,
  people: [...seats.values()].map(
    ({ participant: { id, userId, joinedAt, mic, cam, screen, hand, connection } }): ShownParticipant => ({
      participantId: id,
      userId,
      joinedAt,
      mic,
      cam,
      screen,
      hand,
      connection,
    }),
  ),
})
