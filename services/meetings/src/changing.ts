import { createKeyedSemaphores } from '@parley/kit'
import type { Context } from './context.ts'
import type { Db } from './tables.ts'

/**
 * Everybody of a meeting may wait for its row, should that be locked: they hold five connections at most while they do, so that
 * other meetings have the rest.
 */
export interface KeyedQueues {
  /** Those that change a meeting. Rejects with `unavailable` when the turn does not come. */
  changing: ReturnType<typeof createKeyedSemaphores>
  /** An entry only needs the meeting to be there. Rejects with `unavailable` when the turn does not come. */
  joins: ReturnType<typeof createKeyedSemaphores>
}

/** Changes go one by one, as the row would have it: waiting behind each other there, each would be given the time to wait anew. */
export const createKeyedQueues = (): KeyedQueues => ({
  changing: createKeyedSemaphores({ running: 1, waiting: 2_000, waitMs: 1_000, full: 'The meeting is being changed' }),
  joins: createKeyedSemaphores({ running: 4, waiting: 2_000, waitMs: 1_500, full: 'Too many come in at once' }),
})

/** A transaction that changes or locks a meeting, or one of its invites. Rejects with `unavailable` when its turn does not come. */
export const changing = <T>(
  { db, queues }: Pick<Context, 'db' | 'queues'>,
  id: string,
  work: (trx: Db) => Promise<T>,
): Promise<T> => queues.changing(id, () => db.transaction().execute(work))
