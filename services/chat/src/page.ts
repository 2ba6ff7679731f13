import type { chatOperations } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Static } from 'typebox'

type Query = Static<typeof chatOperations.listMessages.query>

/** Which messages; both ends of both are exclusive, times in milliseconds since 1970. */
interface Range {
  afterSeq?: number
  beforeSeq?: number
  after?: number
  before?: number
}

export interface RangePage {
  /** `forward` is by rising number. */
  direction: 'forward' | 'backward'
  range: Range
  limit: number
}
/** Messages that were edited or deleted after the change number `since`, by rising number of their last change. */
export interface ChangesPage {
  direction: 'changes'
  since: number
  limit: number
}
export type Page = RangePage | ChangesPage

const defaultLimit = 50

/**
 * The part that a query asks for: the newest first, from `afterSeq` or `after` on in order, or what changed. A cursor carries its
 * direction and its range along; further bounds narrow it.
 * @throws ProblemError `invalid-input` for a cursor that is not ours, a time that does not exist, and `changedSince`
 * beside another bound
 */
export function pageOf({ limit = defaultLimit, cursor, changedSince, ...bounds }: Query): Page {
  const range = rangeOf(bounds)
  const from = cursor === undefined ? null : readCursorOrThrow(cursor)
  if (changedSince !== undefined || from?.direction === 'changes') {
    if (Object.keys(range).length > 0 || (from !== null && from.direction !== 'changes'))
      throw invalid('changedSince', 'goes with no other bound but limit and its own cursor')
    return { direction: 'changes', since: Math.max(changedSince ?? 0, from?.since ?? 0), limit }
  }
  if (from !== null) return { limit, direction: from.direction, range: narrowed(from.range, range) }
  const forward = range.afterSeq !== undefined || range.after !== undefined
  return { range, limit, direction: forward ? 'forward' : 'backward' }
}

const rangeOf = ({ afterSeq, beforeSeq, after, before }: Query): Range => ({
  ...(afterSeq === undefined ? {} : { afterSeq }),
  ...(beforeSeq === undefined ? {} : { beforeSeq }),
  ...(after === undefined ? {} : { after: Date.parse(after) }),
  ...(before === undefined ? {} : { before: Date.parse(before) }),
})

/** The cursor of the page after one that ended with this message. */
export function cursorAfter(page: Page, { seq, rev }: { seq: number; rev: number }): string {
  if (page.direction === 'changes') return Buffer.from(`c.${rev}`).toString('base64url')
  const { afterSeq, beforeSeq, after, before } = {
    ...page.range,
    ...(page.direction === 'forward' ? { afterSeq: seq } : { beforeSeq: seq }),
  }
  const fields = [
    page.direction === 'forward' ? 'f' : 'b',
    ...[afterSeq, beforeSeq, after, before].map((bound) => bound ?? ''),
  ]
  return Buffer.from(fields.join('.')).toString('base64url')
}

const rangeText = /^([fb])\.(\d{0,16})\.(\d{0,16})\.(-?\d{0,15})\.(-?\d{0,15})$/
const changesText = /^c\.(\d{1,16})$/

function readCursorOrThrow(cursor: string): Omit<RangePage, 'limit'> | Omit<ChangesPage, 'limit'> {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, since] = changesText.exec(text) ?? []
  if (since !== undefined) return { direction: 'changes', ...safeOrThrow({ since: Number(since) }) }
  const [, direction, afterSeq, beforeSeq, after, before] = rangeText.exec(text) ?? []
  if (direction === undefined) throw invalid('cursor', 'is not a cursor of this list')
  const range = safeOrThrow({
    ...bound('afterSeq', afterSeq),
    ...bound('beforeSeq', beforeSeq),
    ...bound('after', after),
    ...bound('before', before),
  })
  return { direction: direction === 'f' ? 'forward' : 'backward', range }
}

function safeOrThrow<T extends object>(numbers: T): T {
  if (Object.values(numbers).every(Number.isSafeInteger)) return numbers
  throw invalid('cursor', 'is not a cursor of this list')
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

const invalid = (name: string, message: string): ProblemError =>
  new ProblemError('invalid-input', undefined, { errors: [{ path: `query.${name}`, message }] })
