import type { Columns, Expected } from '../row.ts'

/** Short words for the columns of the tables. */
export const no = 'forbidden'
/** Outsiders do not learn that it exists. */
export const hidden = 'not-found'
/** Callers who are not signed in. */
export const anon = 'unauthenticated'

/** A person in the lobby knows the meeting, and leads nothing. */
export const waits = { lobby: { guest: no } } as const
/** An id that nothing has. */
export const unknownId = '01900000-0000-7000-8000-000000000000'
/** Of the right form, and not made by us. */
export const unknownToken = 'A'.repeat(43)

/** The same for everybody, signed in or not. */
export const all = (same: Expected): Columns => [same, same, same, same, same, same, same, same, same]
