import { create as contentDisposition } from 'content-disposition'
import { ObjectNotFoundError, ProblemError, type Objects } from '@parley/kit'
import { objectContent, type ContentAnswer, type ContentHeaders } from '../object-content.ts'
import { filesPrefix, keyOf, type FileVariant } from './keys.ts'
import { notFound } from './rights.ts'
import type { FileRow } from './tables.ts'

interface Shown {
  key: string
  sizeBytes: number
  contentType: string
  fileName: string
}

/**
 * The bytes of a ready file, or a range of them (RFC 9110, 14), as something to save: a browser that opens them nevertheless runs
 * nothing of them. @throws ProblemError `wrong-state`, `range-not-satisfiable`, `not-found`
 */
export async function contentOf(
  objects: Objects,
  file: FileRow,
  variant: FileVariant,
  headers: ContentHeaders,
): Promise<ContentAnswer> {
  const shown = shownOrThrow(file, variant)
  const etag = `"${shown.key.slice(filesPrefix.length)}"`
  return objectContent(objects, { ...shown, etag, headers: headersOf(shown, etag) }, headers).catch(goneOrThrow)
}

function shownOrThrow(file: FileRow, variant: FileVariant): Shown {
  if (file.status !== 'ready') throw new ProblemError('wrong-state', 'The bytes of this file are not there yet')
  const contentType = file.content_type ?? 'application/octet-stream'
  const key = keyOf(file.id, variant === 'original' && file.purpose === 'avatar' ? 'avatar' : variant)
  if (variant === 'original') return { key, sizeBytes: file.size_bytes, contentType, fileName: file.name }
  if (file.preview_bytes === null) throw new ProblemError('not-found', 'This file has no preview')
  return { key, sizeBytes: file.preview_bytes, contentType: 'image/webp', fileName: 'preview.webp' }
}

const headersOf = ({ contentType, fileName }: Shown, etag: string): Record<string, string> => ({
  'content-type': contentType,
  'content-disposition': contentDisposition(fileName),
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  // A link is for a page of another origin too; without link or token there is nothing to see.
  'cross-origin-resource-policy': 'cross-origin',
  'accept-ranges': 'bytes',
  'cache-control': 'private, no-cache',
  etag,
})

function goneOrThrow(error: unknown): never {
  throw error instanceof ObjectNotFoundError ? notFound() : error
}
