import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import { ofEnabledAccount } from './standing.ts'
import type { DeliveryRow, WebhookRow } from './tables.ts'

/** How many endpoints of one account are sent to at once, over all replicas. */
const perAccount = 3

export type Lease = Pick<WebhookRow, 'id' | 'fence'>

const fromNow = (ms: number) => sql<Date>`now() + make_interval(secs => ${ms / 1000})`

/**
 * Takes endpoints with something due, those that wait longest first, for this replica alone for `leaseMs`. The update looks at the
 * lease again: of two replicas that chose the same endpoint, one gets it.
 */
export async function leaseWebhooks(
  db: Db,
  { leaseMs, limit }: { leaseMs: number; limit: number },
): Promise<WebhookRow[]> {
  const free = sql<boolean>`(w.leased_until is null or w.leased_until < now())`
  const { rows } = await sql<{ id: string }>`
    select id from (
      select w.id, w.next_at, row_number() over (partition by w.user_id order by w.next_at) as nth,
        (select count(*) from meetings.webhooks b where b.user_id = w.user_id and b.leased_until >= now()) as busy
      from (
        select * from meetings.webhooks a where status = 'enabled' and next_at <= now() and ${ofEnabledAccount('a')}
        order by next_at limit 500) w
      where ${free}
    ) due where nth + busy <= ${perAccount} order by next_at limit ${limit}`.execute(db)
  if (rows.length === 0) return []
  return db
    .updateTable('webhooks as w')
    .set({ leased_until: fromNow(leaseMs), fence: sql`fence + 1` })
    .where(
      'w.id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('w.status', '=', 'enabled')
    .where(free)
    .returningAll()
    .execute()
}

/** The first delivery of each lane that is due, the longest waiting first; none once the account is disabled. */
export const listDue = (db: Db, webhookId: string, limit: number): Promise<DeliveryRow[]> =>
  heads(db, webhookId)
    .innerJoin('webhooks as w', 'w.id', 'd.webhook_id')
    .where(ofEnabledAccount('w'))
    .selectAll('d')
    .where('d.next_at', '<=', sql<Date>`now()`)
    .orderBy('d.position')
    .limit(limit)
    .execute()

const heads = (db: Db, webhookId: string) =>
  db
    .selectFrom('webhook_deliveries as d')
    .where('d.webhook_id', '=', webhookId)
    .where('d.status', '=', 'pending')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('webhook_deliveries as e')
            .select('e.id')
            .where('e.webhook_id', '=', webhookId)
            .where('e.status', '=', 'pending')
            .whereRef('e.lane', '=', 'd.lane')
            .whereRef('e.position', '<', 'd.position'),
        ),
      ),
    )

/** Earlier events of a delivery's meeting that have not arrived. */
export async function listMissing(db: Db, { webhook_id, meeting_id, position }: DeliveryRow): Promise<string[]> {
  if (meeting_id === null) return []
  const rows = await db
    .selectFrom('webhook_deliveries')
    .select('event_id')
    .where('webhook_id', '=', webhook_id)
    .where('meeting_id', '=', meeting_id)
    .where('position', '<', position)
    .where('status', '<>', 'delivered')
    .where((eb) => eb.or([eb('late', '=', true), eb('status', '=', 'failed')]))
    .orderBy('position', 'desc')
    .limit(20)
    .execute()
  return rows.map(({ event_id: id }) => id).toReversed()
}

/** Locks an endpoint for what came of an attempt; undefined when its lease went to somebody else, or it is gone. */
export const lockLeased = (trx: Db, { id, fence }: Lease): Promise<WebhookRow | undefined> =>
  trx.selectFrom('webhooks').selectAll().where('id', '=', id).where('fence', '=', fence).forUpdate().executeTakeFirst()

/** Gives an endpoint back: it is due when the first delivery of one of its lanes is, but not before `waitMs` have passed. */
export const giveBack = (db: Db, lease: Lease, waitMs: number): Promise<void> =>
  db.transaction().execute(async (trx) => {
    // Locked first: what was put behind meanwhile is seen by the next statement.
    if ((await lockLeased(trx, lease)) === undefined) return
    const next = await heads(trx, lease.id)
      .select((eb) => eb.fn.min('d.next_at').as('at'))
      .executeTakeFirst()
    const at = next?.at ?? null
    await trx
      .updateTable('webhooks')
      .set({ leased_until: null, next_at: at === null ? null : sql<Date>`greatest(${at}, ${fromNow(waitMs)})` })
      .where('id', '=', lease.id)
      .execute()
  })

/** An endpoint is back: nothing of it waits any longer. */
export const wakeDeliveries = (trx: Db, webhookId: string) =>
  trx
    .updateTable('webhook_deliveries')
    .set({ next_at: sql`now()` })
    .where('webhook_id', '=', webhookId)
    .where('status', '=', 'pending')
    .where('next_at', '>', sql<Date>`now()`)
    .execute()
