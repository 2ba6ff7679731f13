import type { DocDelta } from '@parley/kit'
import type { Meeting, Participant, RoomDelta, RoomSnapshot, Seat } from '@parley/contracts'

/**
 * A room as its nodes keep it: one versioned value. It is never mutated once it is shared; `draft` makes the copy that
 * the next commit works on.
 */
export interface RoomState {
  meetingId: string
  epoch: string
  v: number
  meeting: Meeting | null
  ended: EndReason | null
  /** By participant id. */
  seats: ReadonlyMap<string, Seat>
  /** Seats given up because the socket stayed away; their sessions may still be resumed until `resumeWindowMs` is over. */
  parked: ReadonlyMap<string, Seat>
}

export type EndReason = 'host' | 'empty' | 'expired' | 'cancelled'

export interface RoomDraft extends RoomState {
  seats: Map<string, Seat>
  parked: Map<string, Seat>
}

export const emptyRoom = (meetingId: string, epoch: string): RoomState => ({
  meetingId,
  epoch,
  v: 0,
  meeting: null,
  ended: null,
  seats: new Map(),
  parked: new Map(),
})

export const draft = (state: RoomState): RoomDraft => ({
  ...state,
  seats: new Map(state.seats),
  parked: new Map(state.parked),
})

/** Field names of the room's document in the store. */
const field = {
  meeting: 'meeting',
  ended: 'ended',
  seat: (participantId: string) => `p:${participantId}`,
  parked: (participantId: string) => `d:${participantId}`,
}

/** The fields of the document that hold what `participantId` (or the room itself) is in `state`; null where there is nothing. */
export function seatFields(state: RoomState, participantId: string): Record<string, string | null> {
  const seat = state.seats.get(participantId)
  const parked = state.parked.get(participantId)
  return {
    [field.seat(participantId)]: seat ? JSON.stringify(seat) : null,
    [field.parked(participantId)]: parked ? JSON.stringify(parked) : null,
  }
}

export const roomFields = (state: RoomState): Record<string, string | null> => ({
  [field.meeting]: state.meeting && JSON.stringify(state.meeting),
  [field.ended]: state.ended,
})

/** Every field of the document: for putting a room back into an empty store. */
export function allFields(state: RoomState): Record<string, string | null> {
  const fields = roomFields(state)
  for (const [id, seat] of state.seats) fields[field.seat(id)] = JSON.stringify(seat)
  for (const [id, seat] of state.parked) fields[field.parked(id)] = JSON.stringify(seat)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

/** Folds fields of the document into `into`; null removes. */
export function readFields(into: RoomDraft, fields: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (name === field.meeting) into.meeting = value === null ? null : JSON.parse(value)
    else if (name === field.ended) into.ended = value as EndReason | null
    else readSeat(name.startsWith('p:') ? into.seats : into.parked, name.slice(2), value)
  }
}

function readSeat(seats: Map<string, Seat>, participantId: string, value: string | null): void {
  if (value === null) seats.delete(participantId)
  else seats.set(participantId, JSON.parse(value))
}

/** A delta out of changed fields of the document; null if the room has ended meanwhile. */
export function readDelta({ version, fields }: DocDelta): RoomDelta | null {
  const delta: RoomDelta = { v: version, upserts: [], left: [] }
  for (const [name, value] of Object.entries(fields)) {
    if (name === field.ended && value !== null) return null
    if (name === field.meeting && value !== null) delta.meeting = JSON.parse(value)
    if (!name.startsWith('p:')) continue
    if (value === null) delta.left.push(name.slice(2))
    else delta.upserts.push((JSON.parse(value) as Seat).participant)
  }
  return delta
}

export interface ChatHead {
  chatSeq: number
  chatRev: number
}

/** The room as `self` sees it. */
export function snapshotFor(state: RoomState, self: Participant, { chatSeq, chatRev }: ChatHead): RoomSnapshot {
  if (state.meeting === null) throw new Error('a room with participants has a meeting')
  const peers: Participant[] = []
  for (const seat of state.seats.values()) if (seat.participant.id !== self.id) peers.push(seat.participant)
  return { meeting: state.meeting, selfParticipant: self, peers, v: state.v, chatSeq, chatRev }
}

/** What changed for those who saw `before`, as state, not as a list of events. */
export function deltaBetween(before: RoomState, after: RoomState): RoomDelta {
  const upserts: Participant[] = []
  for (const [id, seat] of after.seats)
    if (before.seats.get(id)?.participant !== seat.participant) upserts.push(seat.participant)
  const left = [...before.seats.keys()].filter((id) => !after.seats.has(id))
  const meeting = after.meeting !== null && after.meeting !== before.meeting ? { meeting: after.meeting } : {}
  return { v: after.v, upserts, left, ...meeting }
}
