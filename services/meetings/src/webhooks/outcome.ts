import { newId, putMail } from '@parley/kit'
import { sql } from 'kysely'
import { now, type Context } from '../context.ts'
import type { Db } from '../tables.ts'
import { insertUserEvents } from '../user-events/store.ts'
import { lockLeased, wakeDeliveries, type Lease } from './lease-store.ts'
import type { DeliveryRow, WebhookRow } from './tables.ts'
import { isDown, waitAfter } from './waits.ts'

/** The outcome of an attempt. */
export interface Outcome {
  status: number | null
  error: string | null
  retryAfterMs: number | null
}

const succeeded = ({ status }: Outcome): boolean => status !== null && status >= 200 && status < 300
const gone = 410

/**
 * Writes down what came of an attempt, and what it means for the endpoint. Null when its lease has gone to another replica: that one
 * sends it again, under the same id.
 */
export async function settle(
  context: Context,
  lease: Lease,
  { delivery, outcome }: { delivery: DeliveryRow; outcome: Outcome },
): Promise<WebhookRow | null> {
  const { db } = context
  const disabled = succeeded(outcome) ? null : await disablingOf(db, context, lease, outcome)
  const settled = await db
    .transaction()
    .execute(async (trx) => {
      // Boxes before endpoints, as the teller locks them.
      if (disabled !== null) await insertUserEvents(trx, [disabled.event], now(context))
      const webhook = await lockLeased(trx, lease)
      if (webhook === undefined || webhook.status === 'disabled') throw new LostLease()
      if (succeeded(outcome)) return deliver(trx, webhook, { delivery, outcome })
      await fail(trx, context, { delivery, outcome })
      const failures = webhook.failures + 1
      const update = trx
        .updateTable('webhooks')
        .set({ failures, failing_since: webhook.failing_since ?? sql<Date>`now()` })
        .where('id', '=', webhook.id)
      if (disabled === null) return update.returningAll().executeTakeFirstOrThrow()
      await putMail(trx as never, { kind: 'webhook-disabled', webhookId: webhook.id }, now(context).getTime())
      return update
        .set({ status: 'disabled', disabled_reason: disabled.reason, disabled_at: now(context) })
        .returningAll()
        .executeTakeFirstOrThrow()
    })
    .catch((error: unknown) => {
      if (error instanceof LostLease) return null
      throw error
    })
  if (disabled !== null && settled !== null) {
    context.wakeTeller()
    context.wakeMail()
  }
  return settled
}

/** Undoes its transaction. */
class LostLease extends Error {}

async function deliver(
  trx: Db,
  webhook: WebhookRow,
  { delivery, outcome }: { delivery: DeliveryRow; outcome: Outcome },
): Promise<WebhookRow> {
  await trx
    .updateTable('webhook_deliveries')
    .set({ status: 'delivered', settled_at: sql`now()`, last_status: outcome.status, last_error: null })
    .set({ attempts: sql`attempts + 1` })
    .where('id', '=', delivery.id)
    .execute()
  if (webhook.failures === 0) return webhook
  if (isDown(webhook)) await wakeDeliveries(trx, webhook.id)
  return trx
    .updateTable('webhooks')
    .set({ failures: 0, failing_since: null })
    .where('id', '=', webhook.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Puts it off; after some hours out of the way of later events of its meeting; after days it is given up. */
async function fail(
  trx: Db,
  { config }: Context,
  { delivery, outcome }: { delivery: DeliveryRow; outcome: Outcome },
): Promise<void> {
  const attempts = delivery.attempts + 1
  const waitMs = Math.max(waitAfter(attempts, config.WEBHOOK_RETRY_MS), outcome.retryAfterMs ?? 0)
  const failedFor = sql<number>`extract(epoch from now() - coalesce(failing_since, now()))`
  const isOver = sql<boolean>`${failedFor} >= ${config.WEBHOOK_GIVE_UP_SECONDS}`
  const isLate = sql<boolean>`(late or ${failedFor} >= ${config.WEBHOOK_HOLD_SECONDS})`
  await trx
    .updateTable('webhook_deliveries')
    .set({
      attempts,
      failing_since: sql`coalesce(failing_since, now())`,
      last_status: outcome.status,
      last_error: outcome.error,
      next_at: sql`now() + make_interval(secs => ${waitMs / 1000})`,
      status: sql`case when ${isOver} then 'failed' else 'pending' end`,
      settled_at: sql`case when ${isOver} then now() end`,
      late: isLate,
      lane: sql`case when ${isLate} then 'late:' || id else lane end`,
    })
    .where('id', '=', delivery.id)
    .execute()
}

/** The end of an endpoint, if this failure is the one too many. */
async function disablingOf(db: Db, context: Context, { id }: Lease, { status }: Outcome) {
  const webhook = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', id)
    .where((eb) =>
      eb.or([
        eb.val(status === gone),
        eb('failing_since', '<', sql<Date>`now() - make_interval(secs => ${context.config.WEBHOOK_DISABLE_SECONDS})`),
      ]),
    )
    .executeTakeFirst()
  if (webhook === undefined) return null
  const reason = status === gone ? ('gone' as const) : ('failing' as const)
  const data = { webhookId: id, url: webhook.url, reason, disabledAt: now(context).toISOString() }
  return { reason, event: { type: 'webhook.disabled' as const, data, boxes: [webhook.box] } }
}

export const newTestId = (): string => `test-${newId()}`
