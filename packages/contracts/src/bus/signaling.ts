import Type, { type Static } from 'typebox'
import { Id, Instant } from '../ids.ts'
import { Message } from '../rest/chat.ts'
import { Meeting } from '../rest/meetings.ts'
import { Recording } from '../rest/recordings.ts'
import { Role } from '../roles.ts'
import { fromServer } from '../ws/from-server.ts'
import { Connection, Participant } from '../ws/room.ts'
import { event, request } from './subject.ts'

/** A participant as the nodes keep it: what everybody sees, and where its session is. */
export const Seat = Type.Object({
  participant: Participant,
  node: Type.String({ description: 'The signaling node that has the socket, or had it last' }),
  sessionId: Id,
  /** SHA-256 of the resume token in force, base64url. */
  resumeHash: Type.String(),
  /** The one before: good until the next is used, in case the answer that had the next was lost. */
  resumeHashBefore: Type.Optional(Type.String()),
  /** When the socket was lost, ms since 1970 by the clock of the room store; null while there is one. */
  lostAt: Type.Union([Type.Integer(), Type.Null()]),
  /** The newest command of meetings that its grant took into account: older ones do not concern this seat. */
  asOf: Type.Optional(Type.Integer()),
})
export type Seat = Static<typeof Seat>

/** The number of the command of meetings that a change carries out, if it does; the room remembers the highest. */
const numbered = { seq: Type.Optional(Type.Integer()) }

/** One change of a room: one version, one broadcast. */
export const RoomChange = Type.Union([
  Type.Object({ ...numbered, kind: Type.Literal('joined'), seat: Seat }),
  Type.Object({
    ...numbered,
    kind: Type.Literal('seat'),
    participantId: Id,
    node: Type.Optional(Type.String()),
    resumeHash: Type.Optional(Type.String()),
    resumeHashBefore: Type.Optional(Type.String()),
    lostAt: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    connection: Type.Optional(Connection),
    role: Type.Optional(Role),
    name: Type.Optional(Type.String()),
    spotlight: Type.Optional(Type.Boolean()),
  }),
  Type.Object({
    ...numbered,
    kind: Type.Literal('left'),
    participantId: Id,
    reason: fromServer['participant.left'].properties.reason,
    /** The user who removed them. */
    by: Type.Optional(Id),
    /** They were removed for good. */
    ban: Type.Optional(Type.Boolean()),
    /** When, ms since 1970 by the clock of the room store. */
    at: Type.Optional(Type.Integer()),
  }),
  Type.Object({
    ...numbered,
    kind: Type.Literal('media'),
    participantId: Id,
    mic: Type.Boolean(),
    cam: Type.Boolean(),
    screen: Type.Boolean(),
    by: Type.Optional(Id),
  }),
  Type.Object({ ...numbered, kind: Type.Literal('hand'), participantId: Id, raised: Type.Boolean() }),
  Type.Object({ ...numbered, kind: Type.Literal('meeting'), meeting: Meeting }),
  /** `rev` numbers the changes of one recording. */
  Type.Object({ ...numbered, kind: Type.Literal('recording'), recording: Recording, rev: Type.Integer() }),
  /** The last change of a room; everybody is sent away. */
  Type.Object({ ...numbered, kind: Type.Literal('ended'), reason: fromServer['room.ended'].properties.reason }),
  /** A command of meetings that changed nothing: only its number is remembered. */
  Type.Object({ kind: Type.Literal('noted'), seq: Type.Integer() }),
])
export type RoomChange = Static<typeof RoomChange>

/** Somebody in a room, as `meetings` wants to know it. */
export const RosterEntry = Type.Object({
  participantId: Id,
  userId: Id,
  name: Type.String(),
  role: Role,
  joinedAt: Instant,
})
export type RosterEntry = Static<typeof RosterEntry>

/** Somebody in a room, and what of them everybody sees and hears. */
export const ShownParticipant = Type.Object({
  participantId: Id,
  userId: Id,
  joinedAt: Instant,
  mic: Type.Boolean(),
  cam: Type.Boolean(),
  screen: Type.Boolean(),
  /** A node of the version before leaves these two out. */
  hand: Type.Optional(Participant.properties.hand),
  connection: Type.Optional(Connection),
})
export type ShownParticipant = Static<typeof ShownParticipant>

/** A commit of a room's document, as the kit's `DocHead`. */
const Head = Type.Object({ epoch: Type.String(), version: Type.Integer(), commitId: Type.String() })

/** From meetings. The lobby is another than before; nodes that show it ask `meetings.lobby`. */
export const LobbyNews = Type.Object({ kind: Type.Literal('lobby'), lv: Type.Integer() })
export type LobbyNews = Static<typeof LobbyNews>

/** From chat: a message that is new, or changed. */
export const ChatNews = Type.Object({
  kind: Type.Literal('chat'),
  type: Type.Union([Type.Literal('chat.message'), Type.Literal('chat.updated')]),
  message: Message,
  /** It was asked for again, and told before unless whoever stored it was gone by then: nodes that know its number leave it. */
  again: Type.Optional(Type.Boolean()),
})
export type ChatNews = Static<typeof ChatNews>

/** The messages between the nodes of one room on `room.<id>`. */
export const RoomEvent = Type.Union([
  /**
   * Committed changes. `follows` is the head they were decided on, `commitId` names the commit. A hint: a node that misses it
   * reads the document.
   */
  Type.Object({
    kind: Type.Literal('commit'),
    node: Type.String(),
    follows: Head,
    commitId: Type.String(),
    changes: Type.Array(RoomChange),
  }),
  /**
   * Where the document is. `restored`: that began a new epoch, in that incarnation of the store, with the contents of `from`. A node
   * that is elsewhere reads the document.
   */
  Type.Object({
    kind: Type.Literal('head'),
    node: Type.String(),
    head: Head,
    restored: Type.Optional(Type.Object({ from: Head, incarnation: Type.String() })),
  }),
  /** Somebody waits in the lobby on a new socket at `node`: one they have elsewhere is of before. */
  Type.Object({ kind: Type.Literal('waiting'), node: Type.String(), participantId: Id }),
  Type.Object({ kind: Type.Literal('reaction'), node: Type.String(), participantId: Id, reaction: Type.String() }),
  Type.Object({ kind: Type.Literal('typing'), node: Type.String(), participantId: Id, typing: Type.Boolean() }),
])
export type RoomEvent = Static<typeof RoomEvent>

/**
 * A change that meetings (or media) asks for; any node carries it out in the room's document. `seq` numbers the commands of one meeting: the
 * room remembers the highest, and does nothing for a command that is not higher.
 */
export const RoomCommand = Type.Union([
  Type.Object({ ...numbered, kind: Type.Literal('meeting-updated'), meeting: Meeting }),
  /** Everybody who is that user leaves, told why. */
  Type.Object({
    ...numbered,
    kind: Type.Literal('remove'),
    userId: Id,
    reason: Type.String(),
    by: Type.Optional(Id),
  }),
  Type.Object({ ...numbered, kind: Type.Literal('role'), userId: Id, role: Role }),
  /** An account has another name; whoever is called otherwise in this meeting than `before` stays so. */
  Type.Object({ ...numbered, kind: Type.Literal('name'), userId: Id, before: Type.String(), name: Type.String() }),
  /** The page of a participant has gone: its grace is over, unless it has a connection again. It has no `seq`. */
  Type.Object({ ...numbered, kind: Type.Literal('goodbye'), userId: Id, participantId: Id }),
  Type.Object({ ...numbered, kind: Type.Literal('end'), reason: fromServer['room.ended'].properties.reason }),
  /**
   * How a recording stands, from media; it has no `seq`. A room that knows a higher `rev` of it, or a newer recording, does nothing, so
   * that it may be repeated at any time.
   */
  Type.Object({ ...numbered, kind: Type.Literal('recording'), recording: Recording, rev: Type.Integer() }),
])
export type RoomCommand = Static<typeof RoomCommand>

/** Where a message stands among all from one node (a process) to another: they are numbered from 1. */
export const RelayPlace = Type.Object({ node: Type.String(), n: Type.Integer({ minimum: 1 }) })
export type RelayPlace = Static<typeof RelayPlace>

/** A message to one participant, on its way to the node that holds the socket. */
export const Relay = Type.Object({
  meetingId: Id,
  to: Id,
  message: Type.Object({ type: Type.String(), payload: Type.Unknown() }),
  /** By the node that the receiver has just left; only once. */
  forwarded: Type.Optional(Type.Boolean()),
  /** By the clock of the sender's node, ms since 1970. */
  sentAt: Type.Optional(Type.Integer()),
  /** Tells the sender's request from others of the sender, so that one that is made again arrives once. */
  request: Type.Optional(Type.String({ maxLength: 128 })),
  place: Type.Optional(RelayPlace),
})
export type Relay = Static<typeof Relay>

/** The set of the key-value store in which each node announces the rooms with people in them; also those of a node that died. */
export const occupiedRooms = 'signaling:rooms'

export const signalingBus = {
  room: event('room.{meetingId}', RoomEvent),
  /** Each service has a subject of its own for what it tells a room: none can speak for another (S38). */
  roomLobby: event('room.{meetingId}.lobby', LobbyNews),
  roomChat: event('room.{meetingId}.chat', ChatNews),
  /** To the node that holds the receiver's socket. */
  relay: event('node.{node}.relay', Relay),
  /** To a node, from one that has sent it relays: the place of the newest, so that it notices that the last were lost. */
  relayHead: event('node.{node}.relay-head', RelayPlace),
  /**
   * To the node that sent relays: those to the node `to` after a number once more, as many as fit, in order. They begin at `first`:
   * what was before it is kept no more. `head` is the number of the newest.
   */
  relayAgain: request('node.{node}.relay-again', {
    input: Type.Object({ to: Type.String(), after: Type.Integer({ minimum: 0 }) }),
    output: Type.Object({ relays: Type.Array(Relay), first: Type.Integer(), head: Type.Integer() }),
    timeoutMs: 300,
  }),
  /**
   * Answered once the change is committed, or when there certainly is no such room. Problem `unavailable` while the store is
   * away, or may have lost the room. All nodes need the time to put theirs back.
   */
  command: request('signaling.command', {
    input: Type.Object({ meetingId: Id, command: RoomCommand }),
    output: Type.Object({}),
  }),
  /** From media: how a recording stands, as the command `recording`. Answered as `command`. */
  recording: request('signaling.recording', {
    input: Type.Object({ meetingId: Id, recording: Recording, rev: Type.Integer() }),
    output: Type.Object({}),
  }),
  /** The people in a room now, as the store has it; nobody if there certainly is no such room. Problem `unavailable` as for `command`. */
  roster: request('signaling.roster', {
    input: Type.Object({ meetingId: Id }),
    output: Type.Object({ people: Type.Array(RosterEntry) }),
  }),
  /**
   * As `roster`, with what each participant shows, and the meeting as the room knows it (null without a room): what the SFU may
   * forward, and what a list of the participants says. Problem `unavailable`.
   */
  shown: request('signaling.shown', {
    input: Type.Object({ meetingId: Id }),
    output: Type.Object({
      meeting: Type.Union([Meeting, Type.Null()]),
      ended: Type.Boolean(),
      people: Type.Array(ShownParticipant),
    }),
  }),
  /** To the node that had a session: hand over what it still holds for it, and close its socket with 4409. */
  takeOver: request('node.{node}.take-over', {
    input: Type.Object({
      meetingId: Id,
      participantId: Id,
      sessionId: Id,
      /** How many signals the client says it has had. */
      received: Type.Optional(Type.Integer()),
    }),
    output: Type.Object({
      signals: Type.Array(Type.Object({ from: Id, data: Type.Unknown() })),
      lost: Type.Boolean(),
      /** The number of the last. */
      seq: Type.Integer(),
      /** The latest answers as texts, by the id of their request and a hash of it: one that is repeated gets its answer again. */
      answers: Type.Optional(
        Type.Array(Type.Object({ requestId: Type.String(), print: Type.String(), text: Type.String() })),
      ),
    }),
    timeoutMs: 300,
  }),
} as const
