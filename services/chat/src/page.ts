import type { chatOperations } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Static } from 'typebox'

type Query = Static<typeof chatOperations.listMessages.query>

/** Which messages; both ends of both are exclusive, times in milliseconds since 1970. */
export interface Range {
  afterSeq?: number
  beforeSeq?: number
  after?: number
  before?: number
}

export interface Page {
  range: Range
  /** `forward` is by rising number. */
  direction: 'forward' | 'backward'
  limit: number
}

const defaultLimit = 50

/**
 * What a query asks for: the newest first, or from `afterSeq` or `after` on in order. A cursor carries its direction
 * and its range along; further bounds narrow it.
 * @throws ProblemError `invalid-input` for a cursor that is not ours and a time that does not exist
 */
export function pageOf({ limit = defaultLimit, cursor, afterSeq, beforeSeq, after, before }: Query): Page {
  const range: Range = {
    ...(afterSeq === undefined ? {} : { afterSeq }),
    ...(beforeSeq === undefined ? {} : { beforeSeq }),
    ...(after === undefined ? {} : { after: timeOrThrow('after', after) }),
    ...(before === undefined ? {} : { before: timeOrThrow('before', before) }),
  }
  if (cursor === undefined)
    return { range, limit, direction: afterSeq === undefined && after === undefined ? 'backward' : 'forward' }
  const from = readCursorOrThrow(cursor)
  return { limit, direction: from.direction, range: narrowed(from.range, range) }
}

/** The cursor of the page after one that ended with the message of this number. */
export function cursorAfter({ range, direction }: Page, seq: number): string {
  const { afterSeq, beforeSeq, after, before } = {
    ...range,
    ...(direction === 'forward' ? { afterSeq: seq } : { beforeSeq: seq }),
  }
  const fields = [
    direction === 'forward' ? 'f' : 'b',
    ...[afterSeq, beforeSeq, after, before].map((bound) => bound ?? ''),
  ]
  return Buffer.from(fields.join('.')).toString('base64url')
}

const cursorText = /^([fb])\.(\d{0,16})\.(\d{0,16})\.(-?\d{0,15})\.(-?\d{0,15})$/

function readCursorOrThrow(cursor: string): Pick<Page, 'range' | 'direction'> {
  const [, direction, afterSeq, beforeSeq, after, before] =
    cursorText.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (direction === undefined) throw invalid('cursor', 'is not a cursor of this list')
  const range = {
    ...bound('afterSeq', afterSeq),
    ...bound('beforeSeq', beforeSeq),
    ...bound('after', after),
    ...bound('before', before),
  }
  if (!Object.values(range).every(Number.isSafeInteger)) throw invalid('cursor', 'is not a cursor of this list')
  return { direction: direction === 'f' ? 'forward' : 'backward', range }
}

const bound = (name: keyof Range, text = ''): Range => (text === '' ? {} : { [name]: Number(text) })

function narrowed(one: Range, other: Range): Range {
  const both = { ...one, ...other }
  for (const name of ['afterSeq', 'after'] as const)
    narrow(both, name, Math.max(one[name] ?? -Infinity, other[name] ?? -Infinity))
  for (const name of ['beforeSeq', 'before'] as const)
    narrow(both, name, Math.min(one[name] ?? Infinity, other[name] ?? Infinity))
  return both
}

function narrow(range: Range, name: keyof Range, value: number): void {
  if (Number.isFinite(value)) range[name] = value
}

/** The schema's pattern lets a 99th month through. */
function timeOrThrow(name: 'after' | 'before', text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw invalid(name, 'is not a time')
  return time
}

const invalid = (name: string, message: string): ProblemError =>
  new ProblemError('invalid-input', undefined, { errors: [{ path: `query.${name}`, message }] })
