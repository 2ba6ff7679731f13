import { ProblemError } from '@parley/kit'

const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A place in a list of recordings: the id of the last that was shown, for ids grow with time (RFC 9562, UUIDv7). */
export const writeCursor = (id: string): string => Buffer.from(id).toString('base64url')

/** @throws ProblemError `invalid-input` for a cursor that is not one of ours */
export function readCursor(text: string): string {
  const id = Buffer.from(text, 'base64url').toString('latin1')
  if (pattern.test(id)) return id
  throw new ProblemError('invalid-input', undefined, {
    errors: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  })
}
