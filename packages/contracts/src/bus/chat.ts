import Type from 'typebox'
import { Id } from '../ids.ts'
import { Message } from '../rest/chat.ts'
import { request } from './subject.ts'

export const chatBus = {
  /**
   * Stores a message of somebody who is in the room; `sender.id` is the user's, as over REST, so that a message sent again
   * on the other way is the same one. Problems: `invalid-input`, `idempotency-conflict`, `unavailable`.
   */
  send: request('chat.send', {
    input: Type.Object({
      meetingId: Id,
      sender: Type.Object({ id: Id, name: Type.String() }),
      clientMessageId: Type.String(),
      text: Type.String(),
    }),
    output: Type.Object({ message: Message }),
    timeoutMs: 3_000,
  }),
  /** Number of the newest message, 0 if there is none. */
  head: request('chat.head', { input: Type.Object({ meetingId: Id }), output: Type.Object({ seq: Type.Integer() }) }),
} as const
