import type { FileReference } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { FilesContext } from './context.ts'
import { toReference } from './file-answer.ts'
import { dropFiles } from './remove.ts'
import { notFound } from './rights.ts'
import { attachFile, findFile } from './store.ts'
import type { FileRow } from './tables.ts'

interface Attaching {
  fileId: string
  meetingId: string
  userId: string
  clientMessageId: string
}

/** Makes a file part of a message. @throws ProblemError `not-found`, `wrong-state` */
export async function attach(context: FilesContext, wish: Attaching): Promise<FileReference> {
  const file = await findFile(context.db, wish.fileId)
  if (file?.owner_id !== wish.userId || file.meeting_id !== wish.meetingId) throw notFound()
  return toReference(await attachOrThrow(context, file, `message/${wish.clientMessageId}`))
}

async function attachOrThrow({ db }: FilesContext, file: FileRow, to: string): Promise<FileRow> {
  if (file.status !== 'ready') throw new ProblemError('wrong-state', 'The file is not ready: complete its upload first')
  const attached = await attachFile(db, file.id, to)
  if (attached === undefined) throw new ProblemError('wrong-state', 'The file is already part of another message')
  return attached
}

/** The message of a file is gone. */
export async function detach(
  context: FilesContext,
  { fileId, meetingId }: { fileId: string; meetingId: string },
): Promise<void> {
  const file = await findFile(context.db, fileId)
  if (file?.meeting_id === meetingId) await dropFiles(context, [file.id])
}

/** Puts an avatar to use in the place of the one before, or of none. @throws ProblemError `not-found`, `wrong-state` */
export async function useAvatar(
  context: FilesContext,
  { userId, fileId }: { userId: string; fileId: string | null },
): Promise<void> {
  if (fileId !== null) {
    const file = await findFile(context.db, fileId)
    if (file?.owner_id !== userId || file.purpose !== 'avatar') throw notFound()
    await attachOrThrow(context, file, `avatar/${userId}`)
  }
  const others = await context.db
    .selectFrom('files')
    .select('id')
    .where('owner_id', '=', userId)
    .where('purpose', '=', 'avatar')
    .where('attached_to', 'is not', null)
    .where('deleted_at', 'is', null)
    .execute()
  await dropFiles(
    context,
    others.map(({ id }) => id).filter((id) => id !== fileId),
  )
}
