import { createGates } from '@parley/kit'
import type { Context } from './context.ts'
import type { Db } from './tables.ts'

/**
 * Everybody of a meeting may wait for its row, should that be locked: they hold five connections at most while they do, so that
 * other meetings have the rest. Changes go one by one, as the row would have it: waiting behind each other there, each would
 * be given the time to wait for a lock once more.
 */
const alone = createGates({ running: 1, waiting: 2_000, waitMs: 1_000, full: 'The meeting is being changed' })

/** Whoever comes in only needs the meeting to be there. Rejects with `unavailable` when the turn does not come. */
export const comingIn = createGates({ running: 4, waiting: 2_000, waitMs: 1_500, full: 'Too many come in at once' })

/** A transaction that changes or locks a meeting. Rejects with `unavailable` when its turn does not come. */
export const changing = <T>(
  { db }: Pick<Context, 'db'>,
  meetingId: string,
  work: (trx: Db) => Promise<T>,
): Promise<T> => alone(meetingId, () => db.transaction().execute(work))
