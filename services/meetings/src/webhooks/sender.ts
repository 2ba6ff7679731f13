import type { WebhookMessage } from '@parley/contracts'
import { createSealer, within, type Sealer } from '@parley/kit'
import { type Context } from '../context.ts'
import { startLoop, type Loop } from '../loop.ts'
import { giveBack, leaseWebhooks, listDue, listMissing } from './lease-store.ts'
import { settle, type Outcome } from './outcome.ts'
import { post } from './post.ts'
import { signedHeaders } from './signature.ts'
import { createTargets, TargetRefusedError, type Targets } from './target.ts'
import type { DeliveryRow, WebhookRow } from './tables.ts'
import { downWait, isDown } from './waits.ts'

const everyMs = 500
/** Endpoints that one replica sends to at once, and lanes of one endpoint. */
const maxEndpoints = 32
const maxLanes = 4
/** After this long the others that wait have their turn. */
const turnMs = 5_000
const marginMs = 5_000
const stopWithinMs = 3_000

/** Opens the secrets of endpoints. */
export const webhookSealer = ({ config }: Pick<Context, 'config'>): Sealer =>
  createSealer('parley/meetings/webhooks', config.WEBHOOK_SECRET, config.WEBHOOK_SECRET_PREVIOUS)

export const webhookTargets = ({ config }: Pick<Context, 'config'>): Targets =>
  createTargets({
    http: config.WEBHOOK_ALLOW_HTTP === 'on',
    hosts: config.WEBHOOK_ALLOW_HOSTS,
    ports: config.WEBHOOK_PORTS,
  })

/**
 * Sends what is due. An endpoint is one replica's at a time, by a lease that outlasts its turn; each lane goes one delivery at a
 * time. An endpoint that is slow or down delays only itself.
 */
export function startSender(context: Context): Loop {
  const { config, db, log } = context
  const sending = { context, sealer: webhookSealer(context), targets: webhookTargets(context) }
  const leaseMs = turnMs + config.WEBHOOK_TIMEOUT_MS + marginMs
  const turns = new Set<Promise<void>>()
  let stopping = false
  const loop = startLoop({
    name: 'webhooks',
    everyMs,
    log,
    async run() {
      const free = maxEndpoints - turns.size
      if (free <= 0 || stopping) return false
      for (const webhook of await leaseWebhooks(db, { leaseMs, limit: free })) {
        const turn = takeTurn(sending, webhook, () => stopping)
          .catch((error: unknown) => log.warn({ err: error, webhookId: webhook.id }, 'a turn of a webhook failed'))
          .finally(() => {
            turns.delete(turn)
            loop.wake()
          })
        turns.add(turn)
      }
      return false
    },
  })
  return {
    wake: () => loop.wake(),
    async stop() {
      stopping = true
      await loop.stop()
      // An attempt under way for longer is sent again by the replica that takes the endpoint next.
      await within(Promise.all(turns), stopWithinMs).catch(() => log.info('stopped while webhooks were being sent'))
    },
  }
}

interface Sending {
  context: Context
  sealer: Sealer
  targets: Targets
}

async function takeTurn(sending: Sending, leased: WebhookRow, stopping: () => boolean): Promise<void> {
  const { context } = sending
  const { db, clock, config } = context
  const until = clock.monotonic() + turnMs
  let webhook = leased
  let askedMs = 0
  while (clock.monotonic() < until && !stopping()) {
    const due = await listDue(db, webhook.id, isDown(webhook) ? 1 : maxLanes)
    if (due.length === 0) break
    const results = await Promise.all(due.map((delivery) => sendOne(sending, webhook, delivery)))
    const last = results.map(({ webhook: after }) => after).findLast((after) => after !== null)
    if (last === undefined || last === null || last.status === 'disabled') return
    webhook = { ...last, failures: Math.max(...results.map(({ webhook: after }) => after?.failures ?? 0)) }
    askedMs = Math.max(0, ...results.map(({ retryAfterMs }) => retryAfterMs))
    if (askedMs > 0 || isDown(webhook)) break
  }
  await giveBack(db, leased, Math.max(askedMs, downWait(webhook, config.WEBHOOK_RETRY_MS)))
}

async function sendOne(sending: Sending, webhook: WebhookRow, delivery: DeliveryRow) {
  const outcome = await attempt(sending, webhook, delivery)
  const after = await settle(sending.context, webhook, { delivery, outcome })
  return { webhook: after, retryAfterMs: outcome.retryAfterMs ?? 0 }
}

async function attempt(
  { context, sealer, targets }: Sending,
  webhook: WebhookRow,
  delivery: DeliveryRow,
): Promise<Outcome> {
  const { db, clock, config } = context
  const body = Buffer.from(JSON.stringify(messageOf(delivery, await listMissing(db, delivery))))
  const signed = signedHeaders(secretsOf(sealer, webhook, clock.now()), {
    id: delivery.event_id,
    at: clock.now(),
    body,
  })
  const headers = { 'content-type': 'application/json', 'user-agent': 'Parley-Webhooks', ...signed }
  try {
    const answer = await post(targets, { url: webhook.url, headers, body, timeoutMs: config.WEBHOOK_TIMEOUT_MS })
    const { status } = answer
    const retryAfterMs = status === 429 || status === 503 ? answer.retryAfterMs : null
    return { status, retryAfterMs, error: status >= 200 && status < 300 ? null : `the receiver answered ${status}` }
  } catch (error) {
    return { status: null, retryAfterMs: null, error: explain(error) }
  }
}

const messageOf = (row: DeliveryRow, missing: string[]): WebhookMessage => ({
  id: row.event_id,
  type: row.type,
  timestamp: row.happened_at.toISOString(),
  data: row.data,
  ...(missing.length > 0 && { missing }),
  ...(row.late && { late: true }),
})

/** @throws when neither setting opens a secret: what is not signed is not sent */
function secretsOf(sealer: Sealer, webhook: WebhookRow, at: number): string[] {
  const { secret, previous_secret: previous, previous_until: until } = webhook
  const sealed = previous !== null && until !== null && until.getTime() > at ? [secret, previous] : [secret]
  return sealed.map((text) => {
    const opened = sealer.open(text, webhook.id)
    if (opened === null) throw new Error(`WEBHOOK_SECRET does not open the secret of webhook ${webhook.id}`)
    return opened
  })
}

/** For the owner of the endpoint: what they can mend, and nothing of our inside. */
function explain(error: unknown): string {
  if (error instanceof TargetRefusedError) return `not sent: ${error.message}`
  const { code, message } = error as { code?: unknown; message?: unknown }
  const known = typeof code === 'string' && code !== 'ABORT_ERR' ? code : String(message)
  return `no answer: ${known}`.slice(0, 300)
}
