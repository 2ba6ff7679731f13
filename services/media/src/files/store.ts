import { sql } from 'kysely'
import type { FileRow, FilesDb, NewFile } from './tables.ts'

/** A file that was not deleted. */
export const findFile = (db: FilesDb, id: string): Promise<FileRow | undefined> =>
  db.selectFrom('files').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()

export const insertFile = (db: FilesDb, file: NewFile): Promise<FileRow> =>
  db.insertInto('files').values(file).returningAll().executeTakeFirstOrThrow()

/** One who counts what somebody has, and then adds to it, is alone with that until the transaction ends. */
export const lockQuota = async (trx: FilesDb, of: string): Promise<void> =>
  void (await sql`select pg_advisory_xact_lock(hashtextextended(${`files/${of}`}, 0))`.execute(trx))

/** Bytes of the files of a person or a meeting, those on their way among them. */
export async function bytesOf(db: FilesDb, column: 'owner_id' | 'meeting_id', id: string): Promise<number> {
  const row = await db
    .selectFrom('files')
    .select(sql<number>`coalesce(sum(size_bytes), 0)::bigint`.as('bytes'))
    .where(column, '=', id)
    .where('deleted_at', 'is', null)
    .where('status', '!=', 'refused')
    .executeTakeFirst()
  return row?.bytes ?? 0
}

/** Sizes of the parts that are there, by number. */
export async function readParts(db: FilesDb, fileId: string): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('file_parts')
    .select(['number', 'size_bytes'])
    .where('file_id', '=', fileId)
    .execute()
  return new Map(rows.map((row) => [row.number, row.size_bytes]))
}

/** Notes a part. False when the file takes none any more. */
export async function notePart(
  db: FilesDb,
  part: { id: string; number: number; sizeBytes: number },
  at: Date,
): Promise<boolean> {
  const touched = await db
    .updateTable('files')
    .set({ touched_at: at })
    .where('id', '=', part.id)
    .where('status', '=', 'uploading')
    .where('upload_id', 'is not', null)
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (touched === undefined) return false
  await db
    .insertInto('file_parts')
    .values({ file_id: part.id, number: part.number, size_bytes: part.sizeBytes })
    .onConflict((conflict) => conflict.columns(['file_id', 'number']).doUpdateSet({ size_bytes: part.sizeBytes }))
    .execute()
  return true
}

interface Lease {
  id: string
  lease: string
}

/** The right to look at the bytes, for so long. Undefined when somebody has it, or the bytes were looked at. */
export const takeLease = (
  db: FilesDb,
  { id, lease }: Lease,
  { at, until }: { at: Date; until: Date },
): Promise<FileRow | undefined> =>
  db
    .updateTable('files')
    .set({ lease, leased_until: until, touched_at: at })
    .where('id', '=', id)
    .where('status', '=', 'uploading')
    .where('deleted_at', 'is', null)
    .where((eb) => eb.or([eb('leased_until', 'is', null), eb('leased_until', '<=', at)]))
    .returningAll()
    .executeTakeFirst()

/** Changes a file whose lease is still held. False when somebody else has it by now. */
export async function updateLeased(
  db: FilesDb,
  { id, lease }: Lease,
  changes: Partial<
    Pick<
      FileRow,
      | 'status'
      | 'content_type'
      | 'refusal'
      | 'width'
      | 'height'
      | 'preview_bytes'
      | 'size_bytes'
      | 'upload_id'
      | 'lease'
      | 'leased_until'
    >
  >,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('files')
    .set(changes)
    .where('id', '=', id)
    .where('lease', '=', lease)
    .where('status', '=', 'uploading')
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Makes a ready file part of something; undefined when it is part of something else, or not ready. */
export const attachFile = (db: FilesDb, id: string, to: string): Promise<FileRow | undefined> =>
  db
    .updateTable('files')
    .set({ attached_to: to })
    .where('id', '=', id)
    .where('status', '=', 'ready')
    .where('deleted_at', 'is', null)
    .where((eb) => eb.or([eb('attached_to', 'is', null), eb('attached_to', '=', to)]))
    .returningAll()
    .executeTakeFirst()

export const markDeleted = async (db: FilesDb, ids: readonly string[], at: Date): Promise<void> => {
  if (ids.length === 0) return
  await db.updateTable('files').set({ deleted_at: at }).where('id', 'in', ids).where('deleted_at', 'is', null).execute()
}
