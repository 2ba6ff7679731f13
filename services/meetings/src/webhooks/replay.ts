import { json, newId, ProblemError, type Once } from '@parley/kit'
import { sql } from 'kysely'
import { now, type Context } from '../context.ts'
import type { Db } from '../tables.ts'
import { readBoxes } from '../user-events/store.ts'
import { deliveriesOf, readEventId, readLog, type LogPlace } from './from-log.ts'
import { noWebhook } from './manage.ts'
import { newTestId } from './outcome.ts'
import { changeWebhook, insertDeliveries, lockWebhook, wakeWebhook } from './store.ts'
import type { DeliveryRow, WebhookRow } from './tables.ts'

interface ReplayInput<T> {
  id: string
  userId: string
  once: Once<T>
}

/** Sends `webhook.test`, beside all else. @throws ProblemError `not-found`, `wrong-state` */
export const sendTest = (context: Context, asked: ReplayInput<DeliveryRow>): Promise<DeliveryRow> =>
  inEnabled(context, asked, async (trx, { id }) => {
    const event = newTestId()
    const [made] = await insertDeliveries(trx, [
      {
        id: newId(),
        webhook_id: id,
        event_id: event,
        type: 'webhook.test',
        lane: event,
        data: json({ webhookId: id }),
        happened_at: now(context),
      },
    ])
    if (made === undefined) throw new Error('a new test event was there already')
    return made
  })

/** Sends one delivery again, beside all else. @throws ProblemError `not-found`, `wrong-state` */
export const replayDelivery = (
  context: Context,
  { deliveryId, ...asked }: ReplayInput<DeliveryRow> & { deliveryId: string },
): Promise<DeliveryRow> =>
  inEnabled(context, asked, async (trx, { id }) => {
    const again = await trx
      .updateTable('webhook_deliveries')
      .set({ ...asNew, lane: sql`'again:' || id` })
      .where('id', '=', deliveryId)
      .where('webhook_id', '=', id)
      .returningAll()
      .executeTakeFirst()
    if (again === undefined) throw new ProblemError('not-found', 'There is no such delivery')
    return again
  })

const asNew = {
  status: 'pending',
  attempts: 0,
  failing_since: null,
  settled_at: null,
  next_at: sql<Date>`now()`,
} as const

/**
 * Sends again what the log has since a time or after an event, in its order: the deliveries of before give way to new ones of the
 * same ids. Resolves to their number. @throws ProblemError `not-found`, `wrong-state`, `invalid-input`
 */
export const replayLog = (
  context: Context,
  { since, after, ...asked }: ReplayInput<number> & { since?: string | undefined; after?: string | undefined },
): Promise<number> =>
  inEnabled(context, asked, async (trx, webhook) => {
    let place = await placeOf(trx, webhook, { since, after })
    let count = 0
    for (let more = true; more;) {
      const page = await readLog(trx, webhook, place)
      const rows = deliveriesOf(webhook, page.events)
      if (rows.length > 0)
        await trx
          .deleteFrom('webhook_deliveries')
          .where('webhook_id', '=', webhook.id)
          .where(
            'event_id',
            'in',
            rows.map(({ event_id: id }) => id),
          )
          .execute()
      count += (await insertDeliveries(trx, rows)).length
      place = page.place
      more = page.more
    }
    await changeWebhook(trx, webhook.id, { own_seq: place.own, mail_seq: place.mail })
    return count
  })

/** Up to where the log is left out. */
async function placeOf(
  trx: Db,
  webhook: WebhookRow,
  { since, after }: { since?: string | undefined; after?: string | undefined },
): Promise<LogPlace> {
  if (since !== undefined) {
    const at = new Date(since)
    const [own, mail] = [await numberBefore(trx, webhook.box, at), await numberBefore(trx, webhook.mail_box, at)]
    return { own, mail }
  }
  const event = readEventId(after ?? '')
  if (event === null || (event.box !== webhook.box && event.box !== webhook.mail_box)) throw notAnEvent()
  const row = await trx
    .selectFrom('user_events')
    .select('created_at')
    .where('box', '=', event.box)
    .where('seq', '=', event.seq)
    .executeTakeFirst()
  if (row === undefined) throw notAnEvent()
  const other = event.box === webhook.box ? webhook.mail_box : webhook.box
  const beside = await numberBefore(trx, other, row.created_at)
  return event.box === webhook.box ? { own: event.seq, mail: beside } : { own: beside, mail: event.seq }
}

/** The number of the last event of a box from before a time; what is forgotten comes before all. */
async function numberBefore(trx: Db, box: string | null, at: Date): Promise<number> {
  if (box === null) return 0
  const first = await trx
    .selectFrom('user_events')
    .select((eb) => eb.fn.min<number | null>('seq').as('seq'))
    .where('box', '=', box)
    .where('created_at', '>=', at)
    .executeTakeFirst()
  if (first?.seq != null) return first.seq - 1
  return (await readBoxes(trx, [box])).get(box)?.last ?? 0
}

const notAnEvent = () =>
  new ProblemError('invalid-input', 'The log of this account has no such event', {
    errors: [{ path: '/after', message: 'is no event that the log has' }],
  })

/** Acts on an endpoint that is enabled, and makes it due. */
async function inEnabled<T>(
  { db }: Context,
  { id, userId, once }: ReplayInput<T>,
  act: (trx: Db, webhook: WebhookRow) => Promise<T>,
): Promise<T> {
  return db.transaction().execute((trx) =>
    once.in(trx as never, async () => {
      const webhook = (await lockWebhook(trx, id, userId)) ?? noWebhook()
      if (webhook.status === 'disabled')
        throw new ProblemError('wrong-state', 'The webhook is disabled; enable it first')
      const made = await act(trx, webhook)
      await wakeWebhook(trx, id)
      return made
    }),
  )
}
