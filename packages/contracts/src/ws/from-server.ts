import Type, { type Static, type TSchema } from 'typebox'
import { Id } from '../ids.ts'
import { Problem } from '../problems.ts'
import { Message } from '../rest/chat.ts'
import { Meeting } from '../rest/meetings.ts'
import { Recording } from '../rest/recordings.ts'
import { Sfu } from '../rest/sfu.ts'
import { Role } from '../roles.ts'
import { IceServer } from './ice.ts'
import {
  ChatRev,
  Connection,
  LobbyEntry,
  LobbyRefusal,
  LobbyWaiting,
  MediaKind,
  Participant,
  RoomDelta,
  RoomJoined,
  RoomSnapshot,
} from './room.ts'

const v = Type.Integer({ description: 'Version of the room after this message' })

/** Everything the server sends without being asked. Those with `v` change the room's state and count it up by one. */
export const fromServer = {
  'participant.joined': Type.Object({ v, participant: Participant }),
  'participant.updated': Type.Object({
    v,
    participantId: Id,
    role: Type.Optional(Role),
    name: Type.Optional(Type.String()),
    connection: Type.Optional(Connection),
    spotlight: Type.Optional(Type.Boolean()),
  }),
  'participant.left': Type.Object({
    v,
    participantId: Id,
    reason: Type.Union([Type.Literal('left'), Type.Literal('kicked'), Type.Literal('timeout'), Type.Literal('ended')]),
  }),
  'media.changed': Type.Object({
    v,
    participantId: Id,
    mic: Type.Boolean(),
    cam: Type.Boolean(),
    screen: Type.Boolean(),
    by: Type.Optional(Id),
  }),
  'hand.changed': Type.Object({
    v,
    participantId: Id,
    raised: Type.Boolean(),
    position: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Place in the queue of hands, 1 is first; null when lowered',
    }),
    hand: Type.Union([Type.Integer(), Type.Null()], { description: 'The new value of the participant’s `hand`' }),
  }),
  'meeting.updated': Type.Object({ v, meeting: Meeting }),
  'recording.changed': Type.Object({ v, recording: Recording }),
  'room.delta': RoomDelta,
  'room.snapshot': RoomSnapshot,
  'reaction.added': Type.Object({ participantId: Id, reaction: Type.String() }),
  'rtc.signal': Type.Object({ from: Id, data: Type.Unknown() }),
  'chat.message': Type.Object({ message: Message }),
  'chat.updated': Type.Object({ message: Message }),
  'chat.typing': Type.Object({ participantId: Id, typing: Type.Boolean() }),
  'moderation.muted': Type.Object({ kind: MediaKind, by: Id }),
  'lobby.waiting': LobbyWaiting,
  'lobby.updated': Type.Object({ lv: Type.Integer(), lobby: Type.Array(LobbyEntry) }),
  /** For a client that says so in `features`. The positions of others follow from the order; `follows` is the `lv` it builds on. */
  'lobby.changed': Type.Object({
    lv: Type.Integer(),
    follows: Type.Integer(),
    upserts: Type.Array(LobbyEntry),
    left: Type.Array(Id),
  }),
  'lobby.result': Type.Union([
    Type.Object({ admitted: Type.Literal(true), ...RoomJoined.properties }),
    Type.Object({ admitted: Type.Literal(false), reason: LobbyRefusal }),
  ]),
  'room.kicked': Type.Object({
    reason: Type.String({ description: 'removed, or banned: not to be let in again' }),
    by: Type.Optional(Id),
    byUserId: Type.Optional(Id),
  }),
  'room.ended': Type.Object({
    reason: Type.Union([
      Type.Literal('host'),
      Type.Literal('empty'),
      Type.Literal('expired'),
      Type.Literal('cancelled'),
    ]),
  }),
  'sfu.changed': Type.Object({ sfu: Sfu }),
  'ice.update': Type.Object({ iceServers: Type.Array(IceServer) }),
  'server.draining': Type.Object({ reconnectAfterMs: Type.Integer() }),
  ping: Type.Object({ v: Type.Integer(), chatSeq: Type.Integer(), chatRev: ChatRev, serverTime: Type.String() }),
  error: Problem,
} as const satisfies Record<string, TSchema>

export type ServerType = keyof typeof fromServer
export type ServerPayload<T extends ServerType> = Static<(typeof fromServer)[T]>
export type ServerMessage = { [T in ServerType]: { type: T; payload: ServerPayload<T> } }[ServerType]

/** The summary of each message, for the documents. */
export const serverSummaries: Readonly<Record<ServerType, string>> = {
  'participant.joined': 'Somebody entered the room, or came back after the grace',
  'participant.updated': 'The role, name, connection or spotlight of a participant changed',
  'participant.left': 'A participant is not in the room any more',
  'media.changed':
    'A microphone, camera or screen went on or off; `by` is the participant who switched it off for them',
  'hand.changed': 'A hand was raised or lowered',
  'meeting.updated': 'Title, settings, schedule or host of the meeting changed',
  'recording.changed': 'A recording was asked for, began, ended, can be played, or failed',
  'room.delta': 'The changes since a version: an answer to room.sync, or unasked after the server had to catch up',
  'room.snapshot': 'The whole room: an answer to room.sync, or unasked after the server had to catch up',
  'reaction.added': 'A participant showed a reaction',
  'rtc.signal': 'A signal of another participant, in the order in which they sent it',
  'chat.message': 'A new chat message, to everybody, its sender too',
  'chat.updated': 'A chat message as it is after an edit or a deletion',
  'chat.typing': 'A participant types, or has stopped',
  'moderation.muted': 'My microphone, camera or screen was switched off; `by` is the participant who did it',
  'lobby.waiting': 'My place in the lobby, again when it changes',
  'lobby.updated': 'Everybody who waits, to host and cohosts',
  'lobby.changed': 'Only what changed in the lobby, for a client that understands `lobby.delta`',
  'lobby.result': 'I am let in, with all that room.joined has, or not',
  'room.kicked':
    'I was removed; `by` is the participant who did it, if they are in the room. The socket closes with 4403',
  'room.ended': 'The meeting is over. The socket closes with 4410',
  'sfu.changed':
    'Where the SFU is, with new tokens; also when a mesh becomes an SFU, or the room moves to another Janus',
  'ice.update': 'New TURN credentials, before the old ones expire',
  'server.draining': 'This server is going away: open another socket after that time and resume there',
  ping: 'Answer with pong. Shows the newest versions, so that a client sees what it missed',
  error: 'A problem: the answer to a request, or without requestId about the session',
}
