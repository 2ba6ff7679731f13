import Type, { type Static } from 'typebox'
import { Id, Instant, InstantInput, Strict } from '../ids.ts'
import { SpokenText } from '../text.ts'
import { FileReference } from './files.ts'
import type { Operations } from './operation.ts'

/** Made by the client, once per message; sending it again gives the same message. */
export const ClientMessageId = Type.String({ minLength: 8, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })
export const MessageText = SpokenText({ minLength: 1, maxLength: 4000 })

/**
 * The content of a system message, for clients that say it in words of their own: values by name. A client shows the text of a kind that it
 * does not know.
 */
export const SystemNotice = Type.Object(
  {
    kind: Type.String({
      minLength: 1,
      maxLength: 64,
      description:
        'meeting-renamed {by, title}, meeting-moved {by, scheduledAt, timeZone}, meeting-unscheduled {by}, ' +
        'meeting-duration {by, durationMinutes}, host-changed {by, name}, person-removed {by, name}, ' +
        'recording-started, recording-silent, recording-ended, recording-ready and recording-failed {recordingId}; more may come',
    }),
    data: Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 1000 }), {
      description: 'by and name are names as the meeting shows them',
    }),
  },
  { title: 'SystemNotice', examples: [{ kind: 'host-changed', data: { by: 'Ann', name: 'Ben' } }] },
)
export type SystemNotice = Static<typeof SystemNotice>

export const Message = Type.Object(
  {
    id: Id,
    seq: Type.Integer({ minimum: 1, description: 'Number in the meeting, without gaps' }),
    type: Type.Union([Type.Literal('text'), Type.Literal('system'), Type.Literal('file')]),
    text: Type.Optional(Type.String()),
    file: Type.Optional(FileReference),
    system: Type.Optional(SystemNotice),
    sender: Type.Object(
      {
        id: Id,
        name: Type.String(),
        guest: Type.Optional(Type.Boolean({ description: 'True for a guest, whose name nobody has vouched for' })),
      },
      { description: 'Of a system message: the meeting itself' },
    ),
    clientMessageId: Type.String(),
    sentAt: Instant,
    editedAt: Type.Optional(Instant),
    deletedAt: Type.Optional(Instant),
    rev: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Number of its last change among all edits and deletions of the meeting; absent: as it was sent',
      }),
    ),
  },
  { title: 'Message' },
)
export type Message = Static<typeof Message>

/** A text, a file, or both. */
export const NewMessage = Strict(
  {
    clientMessageId: ClientMessageId,
    text: Type.Optional(MessageText),
    fileId: Type.Optional(Id),
  },
  { minProperties: 2, description: 'A text, a ready attachment of this meeting that the sender uploaded, or both' },
)

const byMessage = Strict({ id: Id, messageId: Id })

export const chatOperations = {
  sendMessage: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/messages',
    auth: 'any',
    rows: ['C1'],
    summary: 'Send a chat message; answered once it is stored',
    params: Strict({ id: Id }),
    body: NewMessage,
    answers: { 201: Message, 200: Message },
    problems: [
      'not-found',
      'forbidden',
      'meeting-over',
      'wrong-state',
      'idempotency-conflict',
      'rate-limited',
      'unavailable',
    ],
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
      before: Type.Optional(InstantInput),
      after: Type.Optional(InstantInput),
      changedSince: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 9007199254740991,
          description:
            'Instead of the bounds: messages edited or deleted after this `rev`, as they are now, by rising `rev`',
        }),
      ),
    }),
    answers: { 200: Type.Object({ items: Type.Array(Message), nextCursor: Type.Union([Type.String(), Type.Null()]) }) },
    problems: ['not-found', 'unavailable'],
  },
  editMessage: {
    method: 'PATCH',
    repeat: 'never',
    path: '/v1/meetings/:id/messages/:messageId',
    auth: 'any',
    rows: ['C3'],
    summary: 'Change the text of my own message; wrong-state if it was deleted',
    params: byMessage,
    body: Strict({ text: MessageText }),
    answers: { 200: Message },
    problems: ['not-found', 'forbidden', 'meeting-over', 'wrong-state', 'rate-limited', 'unavailable'],
    limit: { by: 'principal', points: 1200, seconds: 60 },
  },
  deleteMessage: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/meetings/:id/messages/:messageId',
    auth: 'any',
    rows: ['C3'],
    summary: 'Delete my own message, or as host or cohost anybody’s: its text is gone, its number stays',
    params: byMessage,
    answers: { 204: null },
    problems: ['not-found', 'forbidden', 'unavailable'],
    limit: { by: 'principal', points: 1200, seconds: 60 },
  },
} as const satisfies Operations
