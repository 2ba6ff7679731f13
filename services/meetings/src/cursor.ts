import { ProblemError } from '@parley/kit'

/** A place in a list that is ordered by time and id, newest first: the last element that was shown. */
export interface Cursor {
  at: Date
  id: string
}

/** 13 digits of milliseconds reach the year 2286, and no further than PostgreSQL reads. */
const pattern = /^(\d{1,13})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

export const writeCursor = ({ at, id }: Cursor): string => Buffer.from(`${at.getTime()}.${id}`).toString('base64url')

/** @throws ProblemError `invalid-input` for a cursor that is not one of ours */
export function readCursor(text: string | undefined): Cursor | null {
  if (text === undefined) return null
  const [, ms, id] = pattern.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? []
  if (ms === undefined || id === undefined) {
    throw new ProblemError('invalid-input', undefined, {
      errors: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
    })
  }
  return { at: new Date(Number(ms)), id }
}

/** A page of rows that were read one beyond `limit`, to know whether there are more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, place }: { item(row: Row): Item; place(row: Row): Cursor },
) {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(item),
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(place(last)) : null,
  }
}
