import type { WebhookEventName } from '@parley/contracts'
import { newId, ProblemError, type Once, type Sealer } from '@parley/kit'
import { now, type Context } from '../context.ts'
import type { Db } from '../tables.ts'
import { boxOf } from '../user-events/box.ts'
import { readBoxes } from '../user-events/store.ts'
import { newSecret } from './signature.ts'
import { changeWebhook, findWebhook, insertWebhook, listWebhooks, lockAccount, lockWebhook } from './store.ts'
import type { WebhookRow } from './tables.ts'
import type { Targets } from './target.ts'

/** How many endpoints an account may have. */
const maxWebhooks = 10

export interface Managing {
  context: Context
  sealer: Sealer
  targets: Targets
}

export interface WithSecret {
  webhook: WebhookRow
  secret: string
}

/** An endpoint for what happens from now on. @throws ProblemError `invalid-input`, `quota-exceeded` */
export async function createWebhook(
  { context, sealer, targets }: Managing,
  userId: string,
  asked: { url: string; events?: WebhookEventName[]; description?: string; once: Once<WithSecret> },
): Promise<WithSecret> {
  checkUrl(targets, asked.url)
  const email = await context.addressOf(userId)
  const box = boxOf({ userId })
  const mailBox = email === null ? null : boxOf({ email })
  const secret = newSecret()
  const id = newId()
  const make = async (trx: Db): Promise<WithSecret> => {
    await lockAccount(trx, userId)
    if ((await listWebhooks(trx, userId)).length >= maxWebhooks)
      throw new ProblemError('quota-exceeded', `An account has at most ${maxWebhooks} webhooks; delete one first`)
    const at = now(context)
    const ends = await readBoxes(trx, [box, ...(mailBox === null ? [] : [mailBox])])
    const webhook = await insertWebhook(trx, {
      id,
      user_id: userId,
      box,
      mail_box: mailBox,
      url: asked.url,
      description: asked.description ?? '',
      events: asked.events ?? [],
      secret: sealer.seal(secret, id),
      own_seq: ends.get(box)?.last ?? 0,
      mail_seq: mailBox === null ? 0 : (ends.get(mailBox)?.last ?? 0),
      created_at: at,
      updated_at: at,
    })
    return { webhook, secret }
  }
  return context.db.transaction().execute((trx) => asked.once.in(trx as never, () => make(trx)))
}

/** Another URL, other events, on or off. */
export async function updateWebhook(
  { context, targets }: Managing,
  { id, userId }: { id: string; userId: string },
  changes: { url?: string; events?: WebhookEventName[]; description?: string; enabled?: boolean },
): Promise<WebhookRow> {
  const { url, events, description, enabled } = changes
  if (url !== undefined) checkUrl(targets, url)
  return context.db.transaction().execute(async (trx) => {
    const webhook = (await lockWebhook(trx, id, userId)) ?? noWebhook()
    const at = now(context)
    return changeWebhook(trx, id, {
      updated_at: at,
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events }),
      ...(description !== undefined && { description }),
      ...(enabled === undefined ? {} : switched(webhook, enabled, at)),
    })
  })
}

/** Enabled again it is as new, and due; whoever holds its lease loses it. */
function switched(webhook: WebhookRow, enabled: boolean, at: Date): Partial<WebhookRow> {
  const fence = webhook.fence + 1
  if (!enabled)
    return webhook.status === 'disabled' ? {} : { status: 'disabled', disabled_reason: 'owner', disabled_at: at, fence }
  if (webhook.status === 'enabled') return {}
  return {
    status: 'enabled',
    disabled_reason: null,
    disabled_at: null,
    failures: 0,
    failing_since: null,
    has_news: true,
    next_at: at,
    leased_until: null,
    fence,
  }
}

/** A new secret; the one before signs too for a while. */
export async function rotateSecret(
  { context, sealer }: Managing,
  { id, userId }: { id: string; userId: string },
  { keepPreviousMs, once }: { keepPreviousMs: number; once: Once<WithSecret> },
): Promise<WithSecret> {
  const secret = newSecret()
  const rotate = async (trx: Db): Promise<WithSecret> => {
    const before = (await lockWebhook(trx, id, userId)) ?? noWebhook()
    const at = now(context)
    const kept = keepPreviousMs > 0
    const webhook = await changeWebhook(trx, id, {
      secret: sealer.seal(secret, id),
      previous_secret: kept ? before.secret : null,
      previous_until: kept ? new Date(at.getTime() + keepPreviousMs) : null,
      updated_at: at,
    })
    return { webhook, secret }
  }
  return context.db.transaction().execute((trx) => once.in(trx as never, () => rotate(trx)))
}

/** @throws ProblemError `not-found` */
export const webhookOf = async (db: Db, id: string, userId: string): Promise<WebhookRow> =>
  (await findWebhook(db, id, userId)) ?? noWebhook()

export function noWebhook(): never {
  throw new ProblemError('not-found', 'There is no such webhook')
}

function checkUrl(targets: Targets, url: string): void {
  const message = targets.fault(url)
  if (message === null) return
  throw new ProblemError('invalid-input', `The URL ${message}`, { errors: [{ path: '/url', message }] })
}
