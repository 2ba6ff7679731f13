import { sql } from 'kysely'
import type { Db, SigningKeyRow } from '../tables.ts'

export type NewSigningKey = Pick<SigningKeyRow, 'kid' | 'public_x' | 'private_key' | 'created_at' | 'activates_at'>

export const readSigningKeys = (db: Db): Promise<SigningKeyRow[]> =>
  db.selectFrom('signing_keys').selectAll().orderBy('activates_at').execute()

/** An arbitrary number that nobody else locks on. */
const lockId = 7_201_733_018

/**
 * Adds the key that `make` returns for the keys there are, and retires the others. One replica at a time: the others wait
 * here, then see its key. Returns all keys.
 */
export const addSigningKey = (
  db: Db,
  make: (existing: readonly SigningKeyRow[]) => { key: NewSigningKey; retireOthersAt: Date } | null,
): Promise<SigningKeyRow[]> =>
  db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(lockId)})`.execute(trx)
    const existing = await readSigningKeys(trx)
    const made = make(existing)
    if (made === null) return existing
    await trx
      .updateTable('signing_keys')
      .set({ retires_at: made.retireOthersAt })
      .where('retires_at', 'is', null)
      .execute()
    await trx
      .insertInto('signing_keys')
      .values({ ...made.key, retires_at: null })
      .execute()
    return readSigningKeys(trx)
  })
