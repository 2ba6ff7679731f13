import { forgetAnswers } from '@parley/kit'
import { sql } from 'kysely'
import type { Db } from '../tables.ts'

/** Rows per statement: each stays far below the statement timeout, and locks little. Replicas skip what another one has locked. */
export const batchSize = 200

/** One batch of one kind of old rows; returns how many went. */
export type Sweep = (db: Db, times: SweepTimes) => Promise<number>

export interface SweepTimes {
  /** Sessions that ended before. */
  endedBefore: Date
  /** How long spent refresh tokens are kept, in seconds of the database's clock; until then, using them again ends their session. */
  spentForS: number
  /** How long successors are kept, in seconds of the database's clock: nobody may ask for them later. */
  retryForS: number
  /** Guests that came before, and cannot come back. */
  guestsBefore: Date
  /** Guests that could come back, and last came before. */
  keptGuestsBefore: Date
  now: Date
  /** Keys that were withdrawn before. */
  retiredBefore: Date
  /** The actions of operators before. */
  actionsBefore: Date
  /** For how long revocations matter, in seconds of the database's clock. */
  revocationsForS: number
}

export const sweeps = {
  answers: (db, { now }) => forgetAnswers(db, now),
  /** Nobody confirmed them in two days. */
  renames: async (db) => {
    const due = db
      .selectFrom('renames')
      .select('id')
      .where('at', '<', ago(2 * 24 * 3600))
    return deleted(
      await db
        .deleteFrom('renames')
        .where('id', 'in', due.limit(batchSize).forUpdate().skipLocked())
        .executeTakeFirst(),
    )
  },
  successors: async (db, { retryForS }) => {
    const due = db
      .selectFrom('refresh_tokens')
      .select('hash')
      .where('sealed_successor', 'is not', null)
      .where('used_at', '<', ago(retryForS))
    const batch = due.limit(batchSize).forUpdate().skipLocked()
    return changed(
      await db
        .updateTable('refresh_tokens')
        .set({ sealed_successor: null })
        .where('hash', 'in', batch)
        .executeTakeFirst(),
    )
  },
  tokens: async (db, { spentForS }) => {
    const due = db.selectFrom('refresh_tokens').select('hash').where('used_at', '<', ago(spentForS))
    return deleted(
      await db
        .deleteFrom('refresh_tokens')
        .where('hash', 'in', due.limit(batchSize).forUpdate().skipLocked())
        .executeTakeFirst(),
    )
  },
  sessions: async (db, { endedBefore }) => {
    const due = db
      .selectFrom('sessions')
      .select('id')
      .where((eb) => eb.or([eb('expires_at', '<', endedBefore), eb('revoked_at', '<', endedBefore)]))
    return deleted(
      await db
        .deleteFrom('sessions')
        .where('id', 'in', due.limit(batchSize).forUpdate().skipLocked())
        .executeTakeFirst(),
    )
  },
  guests: async (db, { guestsBefore }) => {
    const due = guestsWithoutSession(db).where('guest_key', 'is', null).where('created_at', '<', guestsBefore)
    return deleteUsers(db, due)
  },
  keptGuests: async (db, { keptGuestsBefore }) => {
    const due = guestsWithoutSession(db).where('guest_key', 'is not', null).where('updated_at', '<', keptGuestsBefore)
    return deleteUsers(db, due)
  },
  mailTokens: async (db, { now }) =>
    deleted(await db.deleteFrom('mail_tokens').where('expires_at', '<', now).executeTakeFirst()),
  revocations: async (db, { revocationsForS }) => {
    const due = db.selectFrom('revocations').select('seq').where('at', '<', ago(revocationsForS))
    return deleted(
      await db
        .deleteFrom('revocations')
        .where('seq', 'in', due.limit(batchSize).forUpdate().skipLocked())
        .executeTakeFirst(),
    )
  },
  operatorActions: async (db, { actionsBefore }) => {
    const due = db.selectFrom('operator_actions').select('id').where('at', '<', actionsBefore)
    return deleted(
      await db
        .deleteFrom('operator_actions')
        .where('id', 'in', due.limit(batchSize).forUpdate().skipLocked())
        .executeTakeFirst(),
    )
  },
  keys: async (db, { retiredBefore }) =>
    deleted(await db.deleteFrom('signing_keys').where('retires_at', '<', retiredBefore).executeTakeFirst()),
} as const satisfies Record<string, Sweep>

/** By the database's clock. */
const ago = (seconds: number) => sql<Date>`now() - make_interval(secs => ${seconds})`

const guestsWithoutSession = (db: Db) =>
  db
    .selectFrom('users')
    .select('users.id')
    .where('kind', '=', 'guest')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('sessions').select('sessions.id').whereRef('sessions.user_id', '=', 'users.id'))),
    )

const deleteUsers = async (db: Db, due: ReturnType<typeof guestsWithoutSession>): Promise<number> =>
  deleted(
    await db.deleteFrom('users').where('id', 'in', due.limit(batchSize).forUpdate().skipLocked()).executeTakeFirst(),
  )

const deleted = ({ numDeletedRows }: { numDeletedRows: bigint }): number => Number(numDeletedRows)
const changed = ({ numUpdatedRows }: { numUpdatedRows: bigint }): number => Number(numUpdatedRows)
