import type { webhooksOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { Context } from '../context.ts'
import { pageOf, readCursor } from '../cursor.ts'
import { createWebhook, noWebhook, rotateSecret, updateWebhook, webhookOf, type WithSecret } from './manage.ts'
import { replayDelivery, replayLog, sendTest } from './replay.ts'
import { webhookSealer, webhookTargets } from './sender.ts'
import { deleteWebhook, listDeliveries, listWebhooks } from './store.ts'
import type { DeliveryRow } from './tables.ts'
import { toDelivery, toWebhook } from './webhook.ts'

const defaultLimit = 50

/** The REST operations of webhooks (O10). */
export function createWebhookRoutes(context: Context) {
  const { db } = context
  const managing = { context, sealer: webhookSealer(context), targets: webhookTargets(context) }
  return {
    async createWebhook({ body, principal: { userId }, once }) {
      return made(await createWebhook(managing, userId, { ...body, once: once(made) }))
    },
    async listWebhooks({ principal: { userId } }) {
      return { status: 200, body: { items: (await listWebhooks(db, userId)).map(toWebhook) } }
    },
    async getWebhook({ params: { id }, principal: { userId } }) {
      return { status: 200, body: toWebhook(await webhookOf(db, id, userId)) }
    },
    async updateWebhook({ params: { id }, body, principal: { userId } }) {
      const row = await updateWebhook(managing, { id, userId }, body)
      context.wakeWebhooks()
      return { status: 200, body: toWebhook(row) }
    },
    async deleteWebhook({ params: { id }, principal: { userId } }) {
      if (!(await deleteWebhook(db, id, userId))) noWebhook()
      return { status: 204 }
    },
    async rotateWebhookSecret({ params: { id }, body: { keepPreviousSeconds = 86_400 }, principal: { userId }, once }) {
      const asked = { keepPreviousMs: keepPreviousSeconds * 1000, once: once(rotated) }
      return rotated(await rotateSecret(managing, { id, userId }, asked))
    },
    async testWebhook({ params: { id }, principal: { userId }, once }) {
      const row = await sendTest(context, { id, userId, once: once(accepted) })
      context.wakeWebhooks()
      return accepted(row)
    },
    async listWebhookDeliveries({ params: { id }, query, principal: { userId } }) {
      const { limit = defaultLimit, cursor, status } = query
      const webhook = await webhookOf(db, id, userId)
      const page = { after: readCursor(cursor), limit: limit + 1 }
      const rows = await listDeliveries(db, { webhookId: webhook.id, status }, page)
      const place = (row: DeliveryRow) => ({ at: row.created_at, id: row.id })
      return { status: 200, body: pageOf(rows, limit, { item: toDelivery, place }) }
    },
    async replayWebhook({ params: { id }, body, principal: { userId }, once }) {
      const count = await replayLog(context, { ...body, id, userId, once: once(counted) })
      context.wakeWebhooks()
      return counted(count)
    },
    async replayWebhookDelivery({ params: { id, deliveryId }, principal: { userId }, once }) {
      const row = await replayDelivery(context, { id, deliveryId, userId, once: once(accepted) })
      context.wakeWebhooks()
      return accepted(row)
    },
  } satisfies Handlers<typeof webhooksOperations>
}

const shown = ({ webhook, secret }: WithSecret) => ({ ...toWebhook(webhook), secret })
const made = (row: WithSecret) => ({ status: 201, body: shown(row) }) as const
const rotated = (row: WithSecret) => ({ status: 200, body: shown(row) }) as const
const accepted = (row: DeliveryRow) => ({ status: 202, body: toDelivery(row) }) as const
const counted = (events: number) => ({ status: 202, body: { events } }) as const
