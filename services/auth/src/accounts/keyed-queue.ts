import { createKeyedSemaphores } from '@parley/kit'

/** Runs what changes or locks one account, by the account's id. Rejects with `unavailable` when its turn does not come. */
export type KeyedQueue = ReturnType<typeof createKeyedSemaphores>

/** Requests for one account at once hold one connection, should its row be locked: others have the rest. */
export const createKeyedQueue = (): KeyedQueue =>
  createKeyedSemaphores({ running: 1, waiting: 1_000, waitMs: 1_000, full: 'The account is busy' })
