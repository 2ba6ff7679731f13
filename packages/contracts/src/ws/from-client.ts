import Type, { type Static, type TSchema } from 'typebox'
import { Id, Nothing, Strict } from '../ids.ts'
import { MessageText, NewMessage } from '../rest/chat.ts'
import { Role, type Permission } from '../roles.ts'
import { ReactionText } from '../text.ts'
import { LobbyWaiting, MediaKind, RoomDelta, RoomJoined, RoomResumed, RoomSnapshot } from './room.ts'

/** The states of a session in which a message is allowed. */
export type When = 'connected' | 'authenticated' | 'waiting' | 'joined'

/** A kind of message from the client: its payload, the types and payloads of its answer, when it is allowed, what it needs. */
export interface ClientMessage {
  payload: TSchema
  /** By message type; none: it is never answered (except with an error). */
  answers: Readonly<Record<string, TSchema>>
  when: readonly When[]
  needs?: Permission
  /** Which inbound limit it counts against; `message` unless told. `none`: not counted. */
  limit?: 'message' | 'signal' | 'none'
  summary: string
}

const Ack = Nothing
const AckCount = Type.Object({ count: Type.Integer() })
const Device = Strict({ mic: Type.Boolean(), cam: Type.Boolean() })
/** Extensions that a client understands: `lobby.delta`. The server leaves unknown ones aside. */
const Features = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 32 }), {
    maxItems: 16,
    description: 'Extensions that the client understands; unknown ones are left aside',
  }),
)
const Version = Type.Integer({ minimum: 0, maximum: 9007199254740991 })

/** Everything a client may send. */
export const fromClient = {
  'auth.authenticate': {
    payload: Strict({ accessToken: Type.String({ minLength: 1, maxLength: 4096 }) }),
    answers: { 'auth.ok': Type.Object({ userId: Id, expiresAt: Type.String() }) },
    when: ['connected', 'authenticated', 'waiting', 'joined'],
    summary: 'Sign in as the first message within 5 s, or renew the access token later',
  },
  'room.join': {
    payload: Strict({ roomToken: Type.String({ minLength: 1, maxLength: 4096 }), device: Device, features: Features }),
    answers: { 'room.joined': RoomJoined, 'lobby.waiting': LobbyWaiting },
    when: ['authenticated'],
    summary: 'Enter the meeting that the room token is for',
  },
  'room.resume': {
    payload: Strict({
      sessionId: Id,
      resumeToken: Type.String({ minLength: 1, maxLength: 200 }),
      v: Version,
      chatSeq: Type.Optional(Version),
      signalSeq: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'How many rtc.signal came in this session so far: those that were lost on the way come again',
        }),
      ),
      features: Features,
    }),
    answers: { 'room.resumed': RoomResumed, 'lobby.waiting': LobbyWaiting },
    when: ['authenticated'],
    summary: 'Go on with a session whose socket was lost',
  },
  'room.sync': {
    payload: Strict({ v: Version }),
    answers: { 'room.delta': RoomDelta, 'room.snapshot': RoomSnapshot },
    when: ['joined'],
    summary: 'The changes since version v',
  },
  'room.leave': {
    payload: Nothing,
    answers: { 'room.left': Nothing },
    when: ['waiting', 'joined'],
    summary: 'Leave the meeting',
  },
  'rtc.signal': {
    payload: Strict({ to: Id, data: Type.Unknown() }),
    answers: { ack: Ack },
    when: ['joined'],
    limit: 'signal',
    summary: 'Relay an SDP description or ICE candidate to one peer, in order, at most once',
  },
  'media.update': {
    payload: Strict(
      { mic: Type.Optional(Type.Boolean()), cam: Type.Optional(Type.Boolean()), screen: Type.Optional(Type.Boolean()) },
      { minProperties: 1 },
    ),
    answers: { ack: Ack },
    when: ['joined'],
    summary: 'My microphone, camera or screen went on or off',
  },
  'chat.send': {
    payload: NewMessage,
    answers: { 'chat.accepted': Type.Object({ messageId: Id, seq: Type.Integer(), sentAt: Type.String() }) },
    when: ['joined'],
    summary: 'Send a chat message, a file or both; answered once it is stored',
  },
  'chat.edit': {
    payload: Strict({ messageId: Id, text: MessageText }),
    answers: { ack: Ack },
    when: ['joined'],
    summary: 'Change the text of my own message; everybody gets chat.updated',
  },
  'chat.delete': {
    payload: Strict({ messageId: Id }),
    answers: { ack: Ack },
    when: ['joined'],
    summary: 'Delete my own message, or as host or cohost anybody’s',
  },
  'chat.typing': { payload: Strict({ typing: Type.Boolean() }), answers: {}, when: ['joined'], summary: 'I am typing' },
  'reaction.send': {
    payload: Strict({ reaction: ReactionText({ minLength: 1, maxLength: 16, description: 'One emoji' }) }),
    answers: { ack: Ack },
    when: ['joined'],
    summary: 'Show a reaction to everybody',
  },
  'hand.raise': { payload: Nothing, answers: { ack: Ack }, when: ['joined'], summary: 'Raise my hand' },
  'hand.lower': { payload: Nothing, answers: { ack: Ack }, when: ['joined'], summary: 'Lower my hand' },
  'moderation.mute': {
    payload: Strict({ participantId: Id, kind: MediaKind }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'moderate',
    summary: 'Switch off somebody’s microphone, camera or screen',
  },
  'moderation.muteAll': {
    payload: Strict({ kind: MediaKind }),
    answers: { ack: AckCount },
    when: ['joined'],
    needs: 'moderate',
    summary: 'Switch it off for everybody but hosts and cohosts',
  },
  'moderation.lowerHand': {
    payload: Strict({ participantId: Id }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'moderate',
    summary: 'Lower somebody’s hand',
  },
  'moderation.spotlight': {
    payload: Strict({ participantId: Id, on: Type.Boolean() }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'moderate',
    summary: 'Show somebody large to everybody, in place of anybody else, or no longer',
  },
  'moderation.remove': {
    payload: Strict({ participantId: Id, ban: Type.Optional(Type.Boolean()) }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'moderate',
    summary: 'Send somebody out; with ban for good',
  },
  'moderation.role': {
    payload: Strict({ participantId: Id, role: Role }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'end',
    summary: 'Give somebody another role (host); host hands the meeting over',
  },
  'lobby.admit': {
    payload: Strict({ participantId: Id }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'admit',
    summary: 'Let somebody in who waits',
  },
  'lobby.reject': {
    payload: Strict({ participantId: Id }),
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'admit',
    summary: 'Send somebody away who waits',
  },
  'lobby.admitAll': {
    payload: Nothing,
    answers: { ack: AckCount },
    when: ['joined'],
    needs: 'admit',
    summary: 'Let everybody in who waits',
  },
  'meeting.end': {
    payload: Nothing,
    answers: { ack: Ack },
    when: ['joined'],
    needs: 'end',
    summary: 'End the meeting for everybody',
  },
  pong: {
    payload: Nothing,
    answers: {},
    when: ['connected', 'authenticated', 'waiting', 'joined'],
    limit: 'none',
    summary: 'Answer to a ping',
  },
  ping: {
    payload: Nothing,
    answers: { pong: Type.Object({ serverTime: Type.String() }) },
    when: ['connected', 'authenticated', 'waiting', 'joined'],
    summary: 'Ask whether the server is there',
  },
} as const satisfies Record<string, ClientMessage>

export type ClientType = keyof typeof fromClient
export type ClientPayload<T extends ClientType> = Static<(typeof fromClient)[T]['payload']>
/** The answers of `T` as a union of `{type, payload}`; `null` if it is never answered. */
export type AnswerOf<T extends ClientType> = keyof (typeof fromClient)[T]['answers'] extends never
  ? null
  : {
      [A in keyof (typeof fromClient)[T]['answers']]: (typeof fromClient)[T]['answers'][A] extends infer S extends
        TSchema
        ? { type: A; payload: Static<S> }
        : never
    }[keyof (typeof fromClient)[T]['answers']]
