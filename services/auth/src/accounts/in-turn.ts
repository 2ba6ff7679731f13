import { createGates } from '@parley/kit'

/** Runs what changes or locks one account, by the account's id. Rejects with `unavailable` when its turn does not come. */
export type InTurn = ReturnType<typeof createGates>

/** Requests for one account at once hold one connection, should its row be locked: others have the rest. */
export const createInTurn = (): InTurn =>
  createGates({ running: 1, waiting: 1_000, waitMs: 1_000, full: 'The account is busy' })
