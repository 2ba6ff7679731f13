import { may, meetingsBus } from '@parley/contracts'
import { request, isProblem, ProblemError, type Bus } from '@parley/kit'
import { findFile } from './store.ts'
import type { FileRow, FilesDb } from './tables.ts'

/** The rights to files. A meeting's files go by the rule of its chat, which the meetings service knows. */
export interface Rights {
  /** For attaching; rejects with `not-found`, `meeting-over`, `forbidden`. */
  mayAttachOrThrow(meetingId: string, userId: string): Promise<void>
  /** A file of one's own, whatever becomes of it. @throws ProblemError `not-found` */
  ownOrThrow(id: string, userId: string): Promise<FileRow>
  /** A file that somebody may see: their own, a ready avatar, or a ready attachment of a meeting they belong to. */
  readableOrThrow(id: string, userId: string): Promise<FileRow>
  /** One that they may delete: their own, or of a meeting that they moderate. Rejects with `not-found`, `forbidden`. */
  deletableOrThrow(id: string, userId: string): Promise<FileRow>
}

export function createRights({ db, bus }: { db: FilesDb; bus: Bus }): Rights {
  const access = (meetingId: string, userId: string) => request(bus, meetingsBus.access, { meetingId, userId })

  /** A person without a right to a file learns nothing of it, not even that of its meeting. */
  async function readableOrThrow(id: string, userId: string): Promise<FileRow> {
    const file = await findFile(db, id)
    if (file === undefined) throw notFound()
    if (file.owner_id === userId) return file
    if (file.status !== 'ready') throw notFound()
    if (file.meeting_id !== null) await access(file.meeting_id, userId).catch(hideOrThrow)
    return file
  }
  return {
    readableOrThrow,
    async mayAttachOrThrow(meetingId, userId) {
      const { over, mayChat } = await access(meetingId, userId)
      if (over) throw new ProblemError('meeting-over', 'The chat of a meeting that is over can only be read')
      if (!mayChat) throw new ProblemError('forbidden', 'You may not write in the chat of this meeting')
    },
    async ownOrThrow(id, userId) {
      const file = await findFile(db, id)
      if (file?.owner_id !== userId) throw notFound()
      return file
    },
    async deletableOrThrow(id, userId) {
      const file = await readableOrThrow(id, userId)
      if (file.owner_id === userId) return file
      if (file.meeting_id !== null && may((await access(file.meeting_id, userId)).role, 'moderate')) return file
      throw new ProblemError('forbidden', 'Only the uploader, the host and cohosts can delete a file')
    },
  }
}

export const notFound = (): ProblemError => new ProblemError('not-found', 'There is no such file')

function hideOrThrow(error: unknown): never {
  throw isProblem(error, 'not-found') ? notFound() : error
}
