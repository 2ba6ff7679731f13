import { sql } from 'kysely'
import type { Context } from '../context.ts'
import type { Db } from '../tables.ts'

/** True for an endpoint, named by `alias`, whose account is neither disabled nor removed. */
export const ofEnabledAccount = (alias: string) =>
  sql<boolean>`not exists (select 1 from meetings.disabled_accounts d where d.user_id = ${sql.ref(`${alias}.user_id`)})`

/**
 * While an account is disabled its endpoints stand still. Enabled again they go on where they stood, as if none of them had been
 * failing.
 */
export async function standing(
  context: Context,
  { userId, disabled }: { userId: string; disabled: boolean },
): Promise<Record<string, never>> {
  if (disabled) await disable(context.db, userId)
  else if (await enable(context.db, userId)) context.wakeWebhooks()
  return {}
}

const disable = (db: Db, userId: string) =>
  db
    .insertInto('disabled_accounts')
    .values({ user_id: userId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()

/** False if it was not disabled. */
const enable = (db: Db, userId: string): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await trx
      .deleteFrom('disabled_accounts')
      .where('user_id', '=', userId)
      .executeTakeFirst()
    if (numDeletedRows === 0n) return false
    const mine = await trx
      .updateTable('webhooks')
      .set({ failures: 0, failing_since: null })
      .where('user_id', '=', userId)
      .returning('id')
      .execute()
    if (mine.length === 0) return true
    await trx
      .updateTable('webhook_deliveries')
      .set({ failing_since: null, next_at: sql`now()` })
      .where('status', '=', 'pending')
      .where(
        'webhook_id',
        'in',
        mine.map(({ id }) => id),
      )
      .execute()
    return true
  })
