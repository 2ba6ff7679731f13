import type { Doc, DocDelta, DocHead } from '@parley/kit'
import type { Meeting, Participant, Recording, RoomDelta, RoomSnapshot, Seat } from '@parley/contracts'

/**
 * A room as its nodes keep it: one versioned value. It is never mutated once it is shared; `draft` makes the copy that
 * the next commit works on.
 */
export interface RoomState {
  meetingId: string
  epoch: string
  v: number
  /** The latest commits of this epoch that led here, newest first: what tells an ancestor from a branch. Empty: not in the store. */
  commits: Doc['commits']
  /** The epochs that this one goes on from, newest first: a store that goes back twice may go back behind its restoration. */
  past: readonly PastEpoch[]
  /** The incarnation of the store in which this epoch began. */
  incarnation: string
  meeting: Meeting | null
  ended: EndReason | null
  /** The newest recording; null before the first. */
  recording: RoomRecording | null
  /** The number of the newest command of meetings that was carried out; 0 before the first. */
  commandSeq: number
  /** By participant id. */
  seats: ReadonlyMap<string, Seat>
  /** Why those who left within the last minutes did, by participant id. */
  departures: ReadonlyMap<string, Departure>
  /** Seats given up because the socket stayed away; their sessions may still be resumed until `resumeWindowMs` is over. */
  parked: ReadonlyMap<string, Seat>
}

/** An epoch up to the head that the next one was restored from, and the latest commits that led there. */
export interface PastEpoch {
  epoch: string
  version: number
  commits: Doc['commits']
}

interface Departure {
  reason: 'left' | 'kicked'
  /** The user who removed them. */
  by?: string
  ban?: boolean
  /** Ms since 1970, by the clock of the room store. */
  at: number
}

/** A recording as media has last told it; `rev` numbers its changes. */
interface RoomRecording {
  recording: Recording
  rev: number
}

export type EndReason = 'host' | 'empty' | 'expired' | 'cancelled'

export interface RoomDraft extends RoomState {
  seats: Map<string, Seat>
  parked: Map<string, Seat>
  departures: Map<string, Departure>
}

export const emptyRoom = (meetingId: string, epoch: string): RoomState => ({
  meetingId,
  epoch,
  v: 0,
  commits: [],
  past: [],
  incarnation: '',
  meeting: null,
  ended: null,
  recording: null,
  commandSeq: 0,
  seats: new Map(),
  parked: new Map(),
  departures: new Map(),
})

/** The commit that a state is at; null for a room that is not in the store. */
export const headOf = ({ epoch, v, commits: [latest] }: RoomState): DocHead | null =>
  latest === undefined ? null : { epoch, version: v, commitId: latest.commitId }

const rememberedCommits = 16
const rememberedEpochs = 8

/** The head that a state restored from this one goes on from. */
export const pastOf = ({ epoch, v, commits, past }: RoomState): RoomState['past'] =>
  [{ epoch, version: v, commits }, ...past].slice(0, rememberedEpochs)

/** The state after a commit that led to its version. */
export const committed = (state: RoomState, commitId: string): RoomState => ({
  ...state,
  commits: [{ version: state.v, commitId }, ...state.commits].slice(0, rememberedCommits),
})

export const draft = (state: RoomState): RoomDraft => ({
  ...state,
  seats: new Map(state.seats),
  parked: new Map(state.parked),
  departures: new Map(state.departures),
})

/** Field names of the room's document in the store. */
const field = {
  meeting: 'meeting',
  ended: 'ended',
  recording: 'recording',
  incarnation: 'incarnation',
  commandSeq: 'seq',
  seat: (participantId: string) => `p:${participantId}`,
  parked: (participantId: string) => `d:${participantId}`,
  departure: (participantId: string) => `g:${participantId}`,
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

/** The departures that are another than before: one more, and those that are forgotten with it. */
export function departureFields(before: RoomState, after: RoomState): Record<string, string | null> {
  const changed = [...new Set([...before.departures.keys(), ...after.departures.keys()])].filter(
    (id) => before.departures.get(id) !== after.departures.get(id),
  )
  return Object.fromEntries(
    changed.map((id) => {
      const departure = after.departures.get(id)
      return [field.departure(id), departure ? JSON.stringify(departure) : null]
    }),
  )
}

export const commandField = ({ commandSeq }: RoomState): Record<string, string> => ({
  [field.commandSeq]: String(commandSeq),
})

/** Of a room that is created in, or restored into, this incarnation of the store. */
export const incarnationField = (id: string): Record<string, string> => ({ [field.incarnation]: id })

export const roomFields = (state: RoomState): Record<string, string | null> => ({
  [field.meeting]: state.meeting && JSON.stringify(state.meeting),
  [field.ended]: state.ended,
})

export const recordingField = ({ recording }: RoomState): Record<string, string | null> => ({
  [field.recording]: recording && JSON.stringify(recording),
})

/** Every field of the document: for restoring a room. */
export function allFields(state: RoomState): Record<string, string> {
  const fields: Record<string, string> = { ...commandField(state), ...incarnationField(state.incarnation) }
  if (state.meeting !== null) fields[field.meeting] = JSON.stringify(state.meeting)
  if (state.ended !== null) fields[field.ended] = state.ended
  if (state.recording !== null) fields[field.recording] = JSON.stringify(state.recording)
  for (const [id, seat] of state.seats) fields[field.seat(id)] = JSON.stringify(seat)
  for (const [id, seat] of state.parked) fields[field.parked(id)] = JSON.stringify(seat)
  for (const [id, departure] of state.departures) fields[field.departure(id)] = JSON.stringify(departure)
  return fields
}

/** Folds fields of the document into `into`; null removes. */
export function readFields(into: RoomDraft, fields: Readonly<Record<string, string | null>>): void {
  for (const [name, value] of Object.entries(fields)) readField(into, name, value)
}

function readField(into: RoomDraft, name: string, value: string | null): void {
  if (name === field.meeting) into.meeting = value === null ? null : JSON.parse(value)
  else if (name === field.ended) into.ended = value as EndReason | null
  else if (name === field.recording) into.recording = value === null ? null : JSON.parse(value)
  else if (name === field.commandSeq) into.commandSeq = Number(value)
  else if (name === field.incarnation) into.incarnation = value ?? ''
  else if (name.startsWith('p:')) readEntry(into.seats, name, value)
  else if (name.startsWith('d:')) readEntry(into.parked, name, value)
  else if (name.startsWith('g:')) readEntry(into.departures, name, value)
}

function readEntry<T>(entries: Map<string, T>, name: string, value: string | null): void {
  const participantId = name.slice(2)
  if (value === null) entries.delete(participantId)
  else entries.set(participantId, JSON.parse(value))
}

/** The room of a whole document. A seat that is the same in `known` is the same object, so that only others count as changed. */
export function stateOf(doc: Doc, known: RoomState): RoomState {
  const { head, commits, fields } = doc
  const state = draft(emptyRoom(known.meetingId, head.epoch))
  readFields(state, fields)
  for (const [id, seat] of known.seats) if (fields[field.seat(id)] === JSON.stringify(seat)) state.seats.set(id, seat)
  return { ...state, v: head.version, commits, past: pastOfDoc(doc, known) }
}

/** As far as the document, or a node that knew it before, can say. */
function pastOfDoc({ head, origin }: Doc, known: RoomState): RoomState['past'] {
  if (head.epoch === known.epoch) return known.past
  if (origin === null) return []
  const own = headOf(known)
  if (own?.epoch === origin.epoch && own.commitId === origin.commitId) return pastOf(known)
  const { commitId, epoch, version } = origin
  return [{ epoch, version, commits: [{ version, commitId }] }]
}

/** A delta out of changed fields of the document; null if the room has ended meanwhile. */
export function readDelta({ version, fields }: DocDelta): RoomDelta | null {
  const delta: RoomDelta = { v: version, upserts: [], left: [] }
  for (const [name, value] of Object.entries(fields)) {
    if (name === field.ended && value !== null) return null
    if (name === field.meeting && value !== null) delta.meeting = JSON.parse(value)
    if (name === field.recording && value !== null) delta.recording = (JSON.parse(value) as RoomRecording).recording
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
  return {
    meeting: state.meeting,
    selfParticipant: self,
    peers,
    v: state.v,
    chatSeq,
    chatRev,
    ...shownRecording(state),
  }
}

/** The recording that whoever comes is told of: the newest, until it can be played or has failed. */
export const shownRecording = ({ recording: known }: Pick<RoomState, 'recording'>): { recording?: Recording } =>
  known === null || ['ready', 'failed'].includes(known.recording.status) ? {} : { recording: known.recording }

const isSameRecording = (one: RoomRecording, other: RoomRecording | null): boolean =>
  one.recording.id === other?.recording.id && one.rev === other.rev

/** The changes for those who saw `before`, as state, not as a list of events. */
export function deltaBetween(before: RoomState, after: RoomState): RoomDelta {
  const upserts: Participant[] = []
  for (const [id, seat] of after.seats)
    if (before.seats.get(id)?.participant !== seat.participant) upserts.push(seat.participant)
  const left = [...before.seats.keys()].filter((id) => !after.seats.has(id))
  const meeting = after.meeting !== null && after.meeting !== before.meeting ? { meeting: after.meeting } : {}
  const recording =
    after.recording !== null && !isSameRecording(after.recording, before.recording)
      ? { recording: after.recording.recording }
      : {}
  return { v: after.v, upserts, left, ...meeting, ...recording }
}
