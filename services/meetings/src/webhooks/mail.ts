import { authBus } from '@parley/contracts'
import { request, isProblem, type Mail } from '@parley/kit'
import type { Context } from '../context.ts'

/** The content of a mail about an endpoint; all else is read when it is sent. */
export interface WebhookMail {
  kind: 'webhook-disabled'
  webhookId: string
}

export const isWebhookMail = (payload: unknown): payload is WebhookMail =>
  (payload as { kind?: unknown }).kind === 'webhook-disabled'

/** Tells an account, at its verified address, that an endpoint gets nothing any more; null when there is nothing to tell. */
export async function renderWebhookMail({ db, bus }: Context, { webhookId }: WebhookMail): Promise<Mail | null> {
  const webhook = await db.selectFrom('webhooks').selectAll().where('id', '=', webhookId).executeTakeFirst()
  if (webhook === undefined || webhook.status === 'enabled') return null
  try {
    const { email, emailVerified } = await request(bus, authBus.account, { userId: webhook.user_id })
    if (!emailVerified) return null
    const why =
      webhook.disabled_reason === 'gone'
        ? 'The receiver answered 410 (Gone).'
        : `No delivery has succeeded since ${webhook.failing_since?.toISOString() ?? 'a while'}.`
    return {
      to: email,
      subject: 'A webhook was disabled',
      text: [
        'Parley no longer sends events to a webhook of your account.',
        `Webhook: ${webhook.id}`,
        why,
        'Mend the receiver, then enable the webhook: it gets what has happened meanwhile, up to 7 days back.',
        'GET /v1/webhooks/{id}/deliveries shows what went wrong.',
      ].join('\n\n'),
    }
  } catch (error) {
    if (isProblem(error, 'not-found')) return null
    throw error
  }
}
