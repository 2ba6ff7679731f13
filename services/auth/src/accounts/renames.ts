import { meetingsBus } from '@parley/contracts'
import { newId, request, type Bus } from '@parley/kit'
import { sql } from 'kysely'
import type { Db } from '../tables.ts'

/** Longer than a request takes. */
const leaseSeconds = 5

/** In the transaction that changes the name. */
export const insertRename = (trx: Db, { userId, before }: { userId: string; before: string }) =>
  trx.insertInto('renames').values({ id: newId(), user_id: userId, before }).execute()

/**
 * Tells meetings of one name that an account has lost, and forgets it once that has confirmed; false when none is due. The event of
 * a change is faster, and may be lost; this is not. Rejects when meetings is away: it is due again after a moment.
 */
export async function tellRename({ db, bus }: { db: Db; bus: Bus }): Promise<boolean> {
  const taken = await db
    .updateTable('renames')
    .set({ due_at: sql<Date>`now() + make_interval(secs => ${leaseSeconds})` })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('renames')
        .select('id')
        .where('due_at', '<=', sql<Date>`now()`)
        .orderBy('due_at')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
  if (taken === undefined) return false
  const { id, user_id: userId, before } = taken
  // The present name, not the one of then: so it does not matter in which order changes are told.
  const user = await db.selectFrom('users').select('name').where('id', '=', userId).executeTakeFirst()
  if (user !== undefined) await request(bus, meetingsBus.rename, { userId, before, name: user.name })
  await db.deleteFrom('renames').where('id', '=', id).execute()
  return true
}
