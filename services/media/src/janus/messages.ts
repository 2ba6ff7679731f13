import Type, { type Static } from 'typebox'
import { Check } from 'typebox/value'

/** The parts of Janus's messages that this service reads. Source: "WebSockets Interface" of the Janus documentation. */
const Message = Type.Object({
  janus: Type.String(),
  transaction: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.Number()),
  sender: Type.Optional(Type.Number()),
  data: Type.Optional(Type.Object({ id: Type.Optional(Type.Number()) })),
  error: Type.Optional(Type.Object({ code: Type.Number(), reason: Type.String() })),
  plugindata: Type.Optional(Type.Object({ plugin: Type.String(), data: Type.Record(Type.String(), Type.Unknown()) })),
})
export type JanusMessage = Static<typeof Message>

/** Null for what is no message of Janus. */
export function readMessage(text: string): JanusMessage | null {
  try {
    const value: unknown = JSON.parse(text)
    return Check(Message, value) ? value : null
  } catch {
    return null
  }
}

/** A medium of a publisher. `description` is what the publisher calls it: "mic", "cam" or "screen" by our convention. */
export const PublishedStream = Type.Object({
  type: Type.Union([Type.Literal('audio'), Type.Literal('video'), Type.Literal('data')]),
  mid: Type.String(),
  description: Type.Optional(Type.String()),
  disabled: Type.Optional(Type.Boolean()),
  codec: Type.Optional(Type.String()),
})
export type PublishedStream = Static<typeof PublishedStream>

const Publisher = Type.Object({ id: Type.String(), streams: Type.Optional(Type.Array(PublishedStream)) })
export type Publisher = Static<typeof Publisher>

/** The publishers and their media, of a `joined` or an `event` of the VideoRoom: those it names. */
export const publishersIn = (data: Readonly<Record<string, unknown>>): Publisher[] =>
  listOf(data['publishers'], (value): value is Publisher => Check(Publisher, value))

const Participant = Type.Object({ id: Type.String(), publisher: Type.Optional(Type.Boolean()) })
export type RoomParticipant = Static<typeof Participant>
export const participantsIn = (data: Readonly<Record<string, unknown>>): RoomParticipant[] =>
  listOf(data['participants'], (value): value is RoomParticipant => Check(Participant, value))

const Room = Type.Object({ room: Type.String(), num_participants: Type.Number() })
export type ListedRoom = Static<typeof Room>
export const roomsIn = (data: Readonly<Record<string, unknown>>): ListedRoom[] =>
  listOf(data['list'], (value): value is ListedRoom => Check(Room, value))

const listOf = <T>(value: unknown, is: (one: unknown) => one is T): T[] =>
  Array.isArray(value) ? value.filter(is) : []
