import Type, { type Static } from 'typebox'
import { Id, Instant, Strict } from '../ids.ts'
import type { Operations } from './operation.ts'

/** Made by the client, once per message; sending it again gives the same message. */
export const ClientMessageId = Type.String({ minLength: 8, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })
export const MessageText = Type.String({ minLength: 1, maxLength: 4000 })

export const Message = Type.Object(
  {
    id: Id,
    seq: Type.Integer({ minimum: 1, description: 'Number in the meeting, without gaps' }),
    type: Type.Union([Type.Literal('text'), Type.Literal('system'), Type.Literal('file')]),
    text: Type.Optional(Type.String()),
    sender: Type.Object({ id: Id, name: Type.String() }),
    clientMessageId: Type.String(),
    sentAt: Instant,
    editedAt: Type.Optional(Instant),
    deletedAt: Type.Optional(Instant),
  },
  { title: 'Message' },
)
export type Message = Static<typeof Message>

export const chatOperations = {
  sendMessage: {
    method: 'POST',
    path: '/v1/meetings/:id/messages',
    auth: 'any',
    rows: ['C1'],
    summary: 'Send a chat message; answered once it is stored',
    params: Strict({ id: Id }),
    body: Strict({ clientMessageId: ClientMessageId, text: MessageText }),
    answers: { 201: Message, 200: Message },
    problems: ['not-found', 'forbidden', 'meeting-over', 'idempotency-conflict', 'unavailable'],
    limit: { by: 'principal', points: 1200, seconds: 60 },
  },
  listMessages: {
    method: 'GET',
    path: '/v1/meetings/:id/messages',
    auth: 'any',
    rows: ['C2'],
    summary: 'Messages by number or time: the newest first, or with afterSeq or after the following ones in order',
    params: Strict({ id: Id }),
    query: Strict({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      beforeSeq: Type.Optional(Type.Integer({ minimum: 1, maximum: 9007199254740991 })),
      afterSeq: Type.Optional(Type.Integer({ minimum: 0, maximum: 9007199254740991 })),
      before: Type.Optional(Instant),
      after: Type.Optional(Instant),
    }),
    answers: { 200: Type.Object({ items: Type.Array(Message), nextCursor: Type.Union([Type.String(), Type.Null()]) }) },
    problems: ['not-found', 'unavailable'],
  },
} as const satisfies Operations
