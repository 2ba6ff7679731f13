import type { Readable } from 'node:stream'
import { ProblemError, type Objects } from '@parley/kit'

export interface ContentHeaders {
  range?: string | undefined
  'if-range'?: string | undefined
  'if-none-match'?: string | undefined
}

export type ContentAnswer =
  | { status: 200 | 206; headers: Record<string, string>; bytes: Readable }
  | { status: 304; headers: Record<string, string> }

/** An object as it is shown: its headers go out with whatever part of it. */
export interface ShownObject {
  key: string
  sizeBytes: number
  etag: string
  headers: Readonly<Record<string, string>>
}

/**
 * An object, or a range of it (RFC 9110, 14), or that the client has it already.
 * @throws ProblemError `range-not-satisfiable`, ObjectNotFoundError
 */
export async function objectContent(
  objects: Objects,
  { key, sizeBytes, etag, headers: shown }: ShownObject,
  headers: ContentHeaders,
): Promise<ContentAnswer> {
  if (matches(headers['if-none-match'], etag)) return { status: 304, headers: { ...shown } }
  const wanted = headers['if-range'] === undefined || headers['if-range'] === etag ? headers.range : undefined
  const range = rangeOrThrow(wanted, sizeBytes)
  const { body } = await objects.get(key, range ?? undefined)
  if (range === null) return { status: 200, headers: { ...shown, 'content-length': String(sizeBytes) }, bytes: body }
  const place = `bytes ${range.from}-${range.to}/${sizeBytes}`
  const length = String(range.to + 1 - range.from)
  return { status: 206, headers: { ...shown, 'content-range': place, 'content-length': length }, bytes: body }
}

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
