import { json } from '@parley/kit'
import { sql, type Insertable } from 'kysely'
import type { Cursor } from '../cursor.ts'
import type { Db, Tables } from '../tables.ts'
import { ofEnabledAccount } from './standing.ts'
import type { DeliveryRow, WebhookRow } from './tables.ts'

/** Of an account, oldest first. */
export const listWebhooks = (db: Db, userId: string): Promise<WebhookRow[]> =>
  db.selectFrom('webhooks').selectAll().where('user_id', '=', userId).orderBy('id').execute()

export const findWebhook = (db: Db, id: string, userId: string): Promise<WebhookRow | undefined> =>
  db.selectFrom('webhooks').selectAll().where('id', '=', id).where('user_id', '=', userId).executeTakeFirst()

/** Locked until the end of the transaction. */
export const lockWebhook = (db: Db, id: string, userId: string): Promise<WebhookRow | undefined> =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()

/** Of one account one at a time: how many it has is counted before one more is made. */
export const lockAccount = (db: Db, userId: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`webhooks:${userId}`}, 0))`.execute(db)

export const insertWebhook = (db: Db, webhook: Insertable<Tables['webhooks']>): Promise<WebhookRow> =>
  db
    .insertInto('webhooks')
    .values({ ...webhook, events: json(webhook.events) })
    .returningAll()
    .executeTakeFirstOrThrow()

export const changeWebhook = (
  db: Db,
  id: string,
  { events, ...change }: Partial<Omit<WebhookRow, 'id' | 'user_id'>>,
): Promise<WebhookRow> =>
  db
    .updateTable('webhooks')
    .set({ ...change, ...(events !== undefined && { events: json(events) }) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** With its deliveries; false if there is no such endpoint of the account. */
export async function deleteWebhook(db: Db, id: string, userId: string): Promise<boolean> {
  const gone = await db.deleteFrom('webhooks').where('id', '=', id).where('user_id', '=', userId).executeTakeFirst()
  return gone.numDeletedRows > 0n
}

/** Deliveries of an endpoint, newest first, from `after` on. */
export function listDeliveries(
  db: Db,
  { webhookId, status }: { webhookId: string; status: DeliveryRow['status'] | undefined },
  { after, limit }: { after: Cursor | null; limit: number },
): Promise<DeliveryRow[]> {
  let query = db.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', webhookId)
  if (status !== undefined) query = query.where('status', '=', status)
  if (after !== null)
    query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.at, after.id)))
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Puts deliveries behind those of their lanes that are there, in this order; those of an event that has one already are left out. */
export async function insertDeliveries(
  db: Db,
  rows: readonly Insertable<Tables['webhook_deliveries']>[],
): Promise<DeliveryRow[]> {
  if (rows.length === 0) return []
  return db
    .insertInto('webhook_deliveries')
    .values([...rows])
    .onConflict((conflict) => conflict.columns(['webhook_id', 'event_id']).doNothing())
    .returningAll()
    .execute()
}

/** Something of these endpoints is due now; of those that fail soon, for there may be something that does not. */
export const wakeWebhook = (db: Db, id: string, afterMs = 0) =>
  db
    .updateTable('webhooks')
    .set({ next_at: sql`least(coalesce(next_at, 'infinity'), now() + make_interval(secs => ${afterMs / 1000}))` })
    .where('id', '=', id)
    .execute()

/** One endpoint with news, locked; undefined when there is none that nobody works on. */
export const takeWithNews = (db: Db): Promise<WebhookRow | undefined> =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where('status', '=', 'enabled')
    .where('has_news', '=', true)
    .where(ofEnabledAccount('webhooks'))
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()

/** Gives up the oldest of more than `most` that wait for an endpoint. */
export const giveUpBeyond = (db: Db, webhookId: string, most: number) =>
  db
    .updateTable('webhook_deliveries')
    .set({ status: 'failed', settled_at: sql`now()`, last_error: 'too many events waited for this endpoint' })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('webhook_deliveries')
        .select('id')
        .where('webhook_id', '=', webhookId)
        .where('status', '=', 'pending')
        .orderBy('position', 'desc')
        .offset(most),
    )
    .execute()

/** Endpoints whose account had no verified address when it was last asked for. */
export const takeWithoutAddress = (db: Db, limit: number): Promise<{ id: string; user_id: string }[]> =>
  db
    .updateTable('webhooks')
    .set({ address_asked_at: sql`now()` })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('webhooks')
        .select('id')
        .where('status', '=', 'enabled')
        .where('mail_box', 'is', null)
        .where('address_asked_at', '<', sql<Date>`now() - interval '10 minutes'`)
        .orderBy('address_asked_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning(['id', 'user_id'])
    .execute()

/** Forgets deliveries of before a time; true if there may be more. */
export async function forgetDeliveries(db: Db, before: Date, limit: number): Promise<boolean> {
  const old = db.selectFrom('webhook_deliveries').select('id').where('created_at', '<', before).limit(limit)
  const result = await db.deleteFrom('webhook_deliveries').where('id', 'in', old).executeTakeFirst()
  return Number(result.numDeletedRows) === limit
}
