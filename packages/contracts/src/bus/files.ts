import Type from 'typebox'
import { Id } from '../ids.ts'
import { FileReference } from '../rest/files.ts'
import { request } from './subject.ts'

export const filesBus = {
  /**
   * A ready attachment of that meeting which that person uploaded, now part of a message: it stays for as long as the message.
   * Again for that message: the same. Problems: `not-found`, `wrong-state` (not ready, or in another message), `unavailable`.
   */
  attach: request('media.attach', {
    input: Type.Object({ fileId: Id, meetingId: Id, userId: Id, clientMessageId: Type.String() }),
    output: Type.Object({ file: FileReference }),
  }),
  /** The message of a file was deleted, so the file goes too. Problem: `unavailable`. */
  detach: request('media.detach', { input: Type.Object({ fileId: Id, meetingId: Id }), output: Type.Object({}) }),
  /** Makes a ready avatar of that person the one in use: any other of theirs goes. Null: none is. Problems: as of `attach`. */
  useAvatar: request('media.use-avatar', {
    input: Type.Object({ userId: Id, fileId: Type.Union([Id, Type.Null()]) }),
    output: Type.Object({}),
  }),
} as const
