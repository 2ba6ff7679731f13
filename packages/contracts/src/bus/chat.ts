import Type from 'typebox'
import { Id } from '../ids.ts'
import { ClientMessageId, Message, SystemNotice } from '../rest/chat.ts'
import { request } from './subject.ts'

export const chatBus = {
  /**
   * Stores a message of somebody who is in the room; `sender.id` is the user's, as over REST. So a message sent again on the other way is
   * the same one. Problems: `invalid-input`, `idempotency-conflict`, `rate-limited`, `unavailable`; of the file
   * `not-found`, `wrong-state`.
   */
  send: request('chat.send', {
    input: Type.Object({
      meetingId: Id,
      sender: Type.Object({ id: Id, name: Type.String(), guest: Type.Optional(Type.Boolean()) }),
      clientMessageId: Type.String(),
      text: Type.Optional(Type.String()),
      fileId: Type.Optional(Id),
    }),
    output: Type.Object({ message: Message }),
    timeoutMs: 3_000,
  }),
  /**
   * Changes the text of a message of one's own; the asker has checked that the user may write. Problems: `invalid-input`,
   * `not-found`, `forbidden`, `wrong-state` (it was deleted), `rate-limited`, `unavailable`.
   */
  edit: request('chat.edit', {
    input: Type.Object({ meetingId: Id, userId: Id, messageId: Id, text: Type.String() }),
    output: Type.Object({ message: Message }),
    timeoutMs: 3_000,
  }),
  /**
   * Deletes a message: the user's own, or for a moderator, which the asker has checked, anybody's. One that is deleted stays
   * as it is. Problems: `not-found`, `forbidden`, `unavailable`.
   */
  delete: request('chat.delete', {
    input: Type.Object({ meetingId: Id, userId: Id, moderator: Type.Boolean(), messageId: Id }),
    output: Type.Object({ message: Message }),
    timeoutMs: 3_000,
  }),
  /**
   * Stores what a service has to say in a meeting, of type `system`: its sender is the meeting itself. The same `noticeId`
   * again gives the same message. Problems: `invalid-input`, `unavailable`.
   */
  system: request('chat.system', {
    input: Type.Object({
      meetingId: Id,
      noticeId: ClientMessageId,
      text: Type.String(),
      system: Type.Optional(SystemNotice),
    }),
    output: Type.Object({ message: Message }),
    timeoutMs: 3_000,
  }),
  /**
   * Messages after a number, in its order, as they are now, at most `limit`: `seq` is their own number, `rev` that of their
   * last change. The asker has checked that they may be read. Problem: `unavailable`.
   */
  after: request('chat.after', {
    input: Type.Object({
      meetingId: Id,
      by: Type.Union([Type.Literal('seq'), Type.Literal('rev')]),
      number: Type.Integer({ minimum: 0 }),
      limit: Type.Integer({ minimum: 1, maximum: 50 }),
    }),
    output: Type.Object({ messages: Type.Array(Message) }),
  }),
  /** Number of the newest message and of the newest edit or deletion, 0 if there is none. */
  head: request('chat.head', {
    input: Type.Object({ meetingId: Id }),
    output: Type.Object({ seq: Type.Integer(), rev: Type.Optional(Type.Integer()) }),
  }),
  /** The same of many meetings at once; one without messages may be left out. */
  heads: request('chat.heads', {
    input: Type.Object({ meetingIds: Type.Array(Id, { maxItems: 1_000 }) }),
    output: Type.Object({
      heads: Type.Array(Type.Object({ meetingId: Id, seq: Type.Integer(), rev: Type.Integer() })),
    }),
  }),
} as const
