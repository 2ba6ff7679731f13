import type { FileReference, StoredFile, UploadState } from '@parley/contracts'
import type { FileRow } from './tables.ts'

const shapeOf = ({ width, height }: FileRow): { width?: number; height?: number } =>
  width === null || height === null ? {} : { width, height }

/** A file as the API shows it. */
export const toFile = (row: FileRow): StoredFile => ({
  id: row.id,
  purpose: row.purpose,
  name: row.name,
  sizeBytes: row.size_bytes,
  contentType: row.content_type ?? row.declared_type,
  status: row.status,
  ...(row.meeting_id === null ? {} : { meetingId: row.meeting_id }),
  ...shapeOf(row),
  createdAt: row.created_at.toISOString(),
})

/** A ready file as a message names it. */
export const toReference = (row: FileRow): FileReference => ({
  id: row.id,
  name: row.name,
  sizeBytes: row.size_bytes,
  contentType: row.content_type ?? row.declared_type,
  ...shapeOf(row),
})

/** How far an upload is: the parts that are there without a gap from the first on. */
export function uploadStateOf(row: FileRow, parts: ReadonlyMap<number, number>): UploadState {
  const { size_bytes: sizeBytes, part_bytes: partSizeBytes } = row
  const whole = row.upload_id === null
  let offset = whole ? sizeBytes : 0
  for (let number = 1; !whole && parts.has(number); number += 1) offset += parts.get(number) ?? 0
  return { offset, sizeBytes, partSizeBytes, complete: offset === sizeBytes }
}
