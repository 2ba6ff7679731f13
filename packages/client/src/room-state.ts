import type {
  LobbyEntry,
  Meeting,
  Participant,
  Recording,
  RoomDelta,
  RoomSnapshot,
  ServerMessage,
  ServerPayload,
} from '@parley/contracts'

/** The versioned state of a room as one participant sees it. */
export interface Roster {
  meeting: Meeting
  self: Participant
  peers: readonly Participant[]
  v: number
  /** The newest recording, as far as one was told of it. */
  recording: Recording | null
  /** As hosts and cohosts see it, with its own version; -1 where it is not known. */
  lobby: readonly LobbyEntry[]
  lv: number
}

export type Applied =
  | { is: 'applied'; roster: Roster }
  /** Not about the roster, or older than it. */
  | { is: 'ignored' }
  /** Something before it was missed: ask for `room.sync`. */
  | { is: 'gap' }
  /** A change of the lobby before it was missed: read the lobby. */
  | { is: 'lobby-gap' }

export const rosterOf = (snapshot: RoomSnapshot): Roster => {
  const { meeting, selfParticipant, peers, v, recording = null, lobby = [], lv = -1 } = snapshot
  return { meeting, self: selfParticipant, peers, v, recording, lobby, lv }
}

/** A delta since version 0, which holds everybody, as a snapshot. */
export function snapshotOf(
  { upserts, meeting, recording, v }: RoomDelta,
  known: Roster,
  chatSeq: number,
): RoomSnapshot {
  const selfParticipant = upserts.find(({ id }) => id === known.self.id) ?? known.self
  const peers = upserts.filter(({ id }) => id !== known.self.id)
  const heard = recording ?? known.recording
  const shown = heard === null ? {} : { recording: heard }
  return { meeting: meeting ?? known.meeting, selfParticipant, peers, v, chatSeq, ...shown }
}

/**
 * The result of `roster`. Pure. A broadcast with the next version applies, an older one was seen, a later one shows
 * a gap; a delta or a snapshot sets the version. A snapshot may set it back (the server's store was lost); a delta never does.
 */
export function applyServerMessage(roster: Roster, message: ServerMessage): Applied {
  switch (message.type) {
    case 'room.snapshot':
      return { is: 'applied', roster: rosterOf(message.payload) }
    case 'room.delta':
      return message.payload.v < roster.v ? ignored : { is: 'applied', roster: withDelta(roster, message.payload) }
    case 'lobby.updated':
      return message.payload.lv > roster.lv ? { is: 'applied', roster: { ...roster, ...message.payload } } : ignored
    case 'lobby.changed':
      return withLobbyChange(roster, message.payload)
    case 'ping':
      return message.payload.v > roster.v ? { is: 'gap' } : ignored
    case 'participant.joined':
    case 'participant.updated':
    case 'participant.left':
    case 'media.changed':
    case 'hand.changed':
    case 'meeting.updated':
    case 'recording.changed':
      return applyNext(roster, message)
    default:
      return ignored
  }
}

/** Positions follow from the order. One that builds on another list than ours shows that we lack some. */
function withLobbyChange(roster: Roster, { lv, follows, upserts, left }: LobbyChange): Applied {
  if (lv <= roster.lv) return ignored
  if (follows !== roster.lv) return { is: 'lobby-gap' }
  const gone = new Set([...left, ...upserts.map(({ participantId }) => participantId)])
  const all = [...roster.lobby.filter(({ participantId }) => !gone.has(participantId)), ...upserts]
  const lobby = all.map((entry, at) => (entry.position === at + 1 ? entry : { ...entry, position: at + 1 }))
  return { is: 'applied', roster: { ...roster, lv, lobby } }
}

type LobbyChange = Extract<ServerMessage, { type: 'lobby.changed' }>['payload']

type StateMessage = Extract<ServerMessage, { payload: { v: number } }> & {
  type:
    | 'participant.joined'
    | 'participant.updated'
    | 'participant.left'
    | 'media.changed'
    | 'hand.changed'
    | 'meeting.updated'
    | 'recording.changed'
}

const ignored: Applied = { is: 'ignored' }

function applyNext(roster: Roster, message: StateMessage): Applied {
  const { v } = message.payload
  if (v <= roster.v) return ignored
  if (v > roster.v + 1) return { is: 'gap' }
  return { is: 'applied', roster: { ...changed(roster, message), v } }
}

function changed(roster: Roster, { type, payload }: StateMessage): Roster {
  switch (type) {
    case 'participant.joined':
      return withParticipant(roster, payload.participant)
    case 'participant.left':
      return without(roster, [payload.participantId])
    case 'participant.updated':
      return withChange(roster, payload.participantId, givenOf(payload))
    case 'media.changed':
      return withChange(roster, payload.participantId, { mic: payload.mic, cam: payload.cam, screen: payload.screen })
    case 'hand.changed':
      return withChange(roster, payload.participantId, { hand: payload.hand })
    case 'meeting.updated':
      return { ...roster, meeting: payload.meeting }
    case 'recording.changed':
      return { ...roster, recording: payload.recording }
    default:
      return type satisfies never
  }
}

const givenOf = ({
  role,
  name,
  connection,
  spotlight,
}: ServerPayload<'participant.updated'>): Partial<Participant> => ({
  ...(role === undefined ? {} : { role }),
  ...(name === undefined ? {} : { name }),
  ...(connection === undefined ? {} : { connection }),
  ...(spotlight === undefined ? {} : { spotlight }),
})

function withDelta(roster: Roster, { v, upserts, left, meeting, recording }: RoomDelta): Roster {
  const next = upserts.reduce(withParticipant, without(roster, left))
  return { ...next, meeting: meeting ?? next.meeting, recording: recording ?? next.recording, v }
}

function withParticipant(roster: Roster, participant: Participant): Roster {
  if (participant.id === roster.self.id) return { ...roster, self: participant }
  const known = roster.peers.some(({ id }) => id === participant.id)
  const peers = known
    ? roster.peers.map((peer) => (peer.id === participant.id ? participant : peer))
    : [...roster.peers, participant]
  return { ...roster, peers }
}

function withChange(roster: Roster, participantId: string, change: Partial<Participant>): Roster {
  if (participantId === roster.self.id) return { ...roster, self: { ...roster.self, ...change } }
  return { ...roster, peers: roster.peers.map((peer) => (peer.id === participantId ? { ...peer, ...change } : peer)) }
}

const without = (roster: Roster, ids: readonly string[]): Roster => ({
  ...roster,
  peers: roster.peers.filter(({ id }) => !ids.includes(id)),
})
