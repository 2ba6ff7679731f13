import Type, { type Static } from 'typebox'
import { Id } from '../ids.ts'
import { Meeting } from '../rest/meetings.ts'
import { Recording } from '../rest/recordings.ts'
import { Sfu } from '../rest/sfu.ts'
import { Role } from '../roles.ts'
import { IceServer } from './ice.ts'

export const MediaKind = Type.Union([Type.Literal('mic'), Type.Literal('cam'), Type.Literal('screen')])
export type MediaKind = Static<typeof MediaKind>

export const Connection = Type.Union([Type.Literal('connected'), Type.Literal('reconnecting')])

/** A participant as everybody in the room sees it. */
export const Participant = Type.Object(
  {
    id: Id,
    userId: Id,
    name: Type.String(),
    role: Role,
    guest: Type.Boolean(),
    mic: Type.Boolean(),
    cam: Type.Boolean(),
    screen: Type.Boolean(),
    hand: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Null: not raised. Raised hands sort by this number, the first is the lowest',
    }),
    connection: Connection,
    spotlight: Type.Optional(
      Type.Boolean({ description: 'True: a host or cohost shows this participant large to everybody; one at most' }),
    ),
    joinedAt: Type.String(),
    avatarFileId: Type.Optional(Id),
  },
  { title: 'Participant' },
)
export type Participant = Static<typeof Participant>

/** Somebody who waits in the lobby; `position` 1 is first. */
export const LobbyEntry = Type.Object(
  {
    participantId: Id,
    userId: Id,
    name: Type.String(),
    guest: Type.Boolean(),
    position: Type.Integer(),
    askedAt: Type.String(),
  },
  { title: 'LobbyEntry' },
)
export type LobbyEntry = Static<typeof LobbyEntry>
export const LobbyRefusal = Type.Union([
  Type.Literal('rejected'),
  Type.Literal('removed'),
  Type.Literal('ended'),
  Type.Literal('gone'),
])

/** The lobby as hosts and cohosts see it; its version counts for itself. */
const lobbyView = { lobby: Type.Optional(Type.Array(LobbyEntry)), lv: Type.Optional(Type.Integer()) }

/** Changes up to this number are in what one reads of the chat from now on. */
export const ChatRev = Type.Optional(
  Type.Integer({ description: 'Number of the newest edit or deletion in the chat, 0 if there is none' }),
)

const seen = {
  meeting: Meeting,
  selfParticipant: Participant,
  peers: Type.Array(Participant),
  v: Type.Integer(),
  chatSeq: Type.Integer({ description: 'Number of the newest chat message, 0 if there is none' }),
  chatRev: ChatRev,
  /** The newest recording, until it can be played or has failed: whoever joins is told. */
  recording: Type.Optional(Recording),
}

export const RoomSnapshot = Type.Object({ ...seen, ...lobbyView }, { title: 'RoomSnapshot' })
export type RoomSnapshot = Static<typeof RoomSnapshot>

export const RoomDelta = Type.Object(
  {
    v: Type.Integer(),
    upserts: Type.Array(Participant),
    left: Type.Array(Id),
    meeting: Type.Optional(Meeting),
    recording: Type.Optional(Recording),
    signalsLost: Type.Optional(
      Type.Boolean({ description: 'True: signals to this client may be missing, as in `room.resumed`; restart ICE' }),
    ),
  },
  { title: 'RoomDelta' },
)
export type RoomDelta = Static<typeof RoomDelta>

export const RoomJoined = Type.Object(
  {
    ...seen,
    ...lobbyView,
    iceServers: Type.Array(IceServer),
    sfu: Type.Optional(Sfu),
    sessionId: Id,
    resumeToken: Type.String(),
    resumeWindowMs: Type.Integer(),
    graceMs: Type.Integer(),
  },
  { title: 'RoomJoined' },
)
export type RoomJoined = Static<typeof RoomJoined>

const Signal = Type.Object({ from: Id, data: Type.Unknown() })

export const RoomResumed = Type.Object(
  {
    delta: Type.Optional(RoomDelta),
    snapshot: Type.Optional(RoomSnapshot),
    signals: Type.Array(Signal),
    signalsLost: Type.Boolean(),
    signalSeq: Type.Integer({
      description:
        'The number of the last of `signals`: those that came on the old socket while this was asked are skipped by it',
    }),
    chatSeq: Type.Integer(),
    chatRev: ChatRev,
    resumeToken: Type.String(),
    ...lobbyView,
  },
  { title: 'RoomResumed' },
)
export type RoomResumed = Static<typeof RoomResumed>

/** To one who waits: the place in the queue, and what resumes the wait. */
export const LobbyWaiting = Type.Object(
  {
    participantId: Id,
    position: Type.Integer(),
    sessionId: Id,
    resumeToken: Type.String(),
    resumeWindowMs: Type.Integer(),
  },
  { title: 'LobbyWaiting' },
)
export type LobbyWaiting = Static<typeof LobbyWaiting>
