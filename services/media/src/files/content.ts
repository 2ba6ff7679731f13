import type { Readable } from 'node:stream'
import { create as contentDisposition } from 'content-disposition'
import { ObjectNotFoundError, ProblemError, type Objects } from '@parley/kit'
import { filesPrefix, keyOf, type FileVariant } from './keys.ts'
import { notFound } from './rights.ts'
import type { FileRow } from './tables.ts'

export interface ContentHeaders {
  range?: string | undefined
  'if-range'?: string | undefined
  'if-none-match'?: string | undefined
}

type ContentAnswer =
  | { status: 200 | 206; headers: Record<string, string>; bytes: Readable }
  | { status: 304; headers: Record<string, string> }

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
  const common = headersOf(shown, etag)
  if (matches(headers['if-none-match'], etag)) return { status: 304, headers: common }
  const wanted = headers['if-range'] === undefined || headers['if-range'] === etag ? headers.range : undefined
  const range = rangeOrThrow(wanted, shown.sizeBytes)
  const { body } = await objects.get(shown.key, range ?? undefined).catch(goneOrThrow)
  if (range === null)
    return { status: 200, headers: { ...common, 'content-length': String(shown.sizeBytes) }, bytes: body }
  const place = `bytes ${range.from}-${range.to}/${shown.sizeBytes}`
  const length = String(range.to + 1 - range.from)
  return { status: 206, headers: { ...common, 'content-range': place, 'content-length': length }, bytes: body }
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

const matches = (list: string | undefined, etag: string): boolean =>
  list !== undefined && list.split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()))

/** Null: the whole, which is also the answer to what is no range, or several. @throws ProblemError `range-not-satisfiable` */
function rangeOrThrow(header: string | undefined, sizeBytes: number): { from: number; to: number } | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null
  const from = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const to = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (from >= sizeBytes || (first === '' && Number(last) === 0))
    throw new ProblemError('range-not-satisfiable', `The file has ${sizeBytes} bytes`, { sizeBytes })
  return { from, to }
}

function goneOrThrow(error: unknown): never {
  throw error instanceof ObjectNotFoundError ? notFound() : error
}
