import { meetingsBus } from '@parley/contracts'
import { request, type Bus } from '@parley/kit'
import { sql } from 'kysely'
import type { Db } from '../tables.ts'

/** Longer than a request takes. */
const leaseSeconds = 5

/** In the transaction that disables, enables or removes an account. */
export const insertStanding = (trx: Db, userId: string) =>
  trx
    .insertInto('standings')
    .values({ user_id: userId })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ due_at: sql`now()` }))
    .execute()

/**
 * Tells meetings whether one account is disabled, or removed, and forgets that once meetings has confirmed; false when none is due.
 * Rejects when meetings is away: it is due again after a moment.
 */
export async function tellStanding({ db, bus }: { db: Db; bus: Bus }): Promise<boolean> {
  const taken = await db
    .updateTable('standings')
    // In whole milliseconds, which a Date can hold: it is compared below.
    .set({ due_at: sql<Date>`date_trunc('milliseconds', now() + make_interval(secs => ${leaseSeconds}))` })
    .where('user_id', 'in', (eb) =>
      eb
        .selectFrom('standings')
        .select('user_id')
        .where('due_at', '<=', sql<Date>`now()`)
        .orderBy('due_at')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
  if (taken === undefined) return false
  const { user_id: userId, due_at: dueAt } = taken
  // The present state, not the one of then: so it does not matter in which order changes are told.
  const user = await db.selectFrom('users').select('disabled_at').where('id', '=', userId).executeTakeFirst()
  await request(bus, meetingsBus.standing, { userId, disabled: user === undefined || user.disabled_at !== null })
  // A change of meanwhile has made it due anew.
  await db.deleteFrom('standings').where('user_id', '=', userId).where('due_at', '=', dueAt).execute()
  return true
}
