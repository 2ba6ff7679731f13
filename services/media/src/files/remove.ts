import { ProblemError } from '@parley/kit'
import type { FilesContext } from './context.ts'
import { keyOf, storedVariants } from './keys.ts'
import { markDeleted } from './store.ts'
import type { FileRow, FilesDb } from './tables.ts'

/** Out of sight at once; what of its bytes cannot go now goes later. @throws ProblemError `wrong-state` for an avatar in use */
export async function removeFile(context: FilesContext, file: FileRow): Promise<void> {
  if (file.purpose === 'avatar' && file.attached_to !== null)
    throw new ProblemError('wrong-state', 'This avatar is in use: set avatarFileId of your profile to null first')
  await dropFiles(context, [file.id])
}

/** Deletes files, and as much of their bytes as the storage lets go now. */
export async function dropFiles(context: FilesContext, ids: readonly string[]): Promise<void> {
  await markDeleted(context.db, ids, new Date(context.clock.now()))
  await eraseDeleted(context, ids).catch((error: unknown) =>
    context.log.warn({ err: error }, 'the bytes of deleted files go later'),
  )
}

const batch = 100

/** Erases the bytes of some files that were deleted, and then forgets them; returns how many. Safe on several replicas at once. */
export async function eraseDeleted(
  { db, objects }: Pick<FilesContext, 'db' | 'objects'>,
  ids?: readonly string[],
): Promise<number> {
  // SQL has no empty list.
  if (ids?.length === 0) return 0
  const query = db.selectFrom('files').select(['id', 'upload_id']).where('deleted_at', 'is not', null).limit(batch)
  const rows = await (ids === undefined ? query : query.where('id', 'in', ids)).execute()
  for (const { id, upload_id: uploadId } of rows) {
    if (uploadId !== null) await objects.resume(keyOf(id, 'original'), uploadId).abort()
    for (const stored of storedVariants) await objects.delete(keyOf(id, stored))
    await forget(db, id)
  }
  return rows.length
}

const forget = async (db: FilesDb, id: string): Promise<void> =>
  void (await db.deleteFrom('files').where('id', '=', id).where('deleted_at', 'is not', null).execute())
