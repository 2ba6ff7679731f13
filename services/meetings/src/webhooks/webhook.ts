import type { Webhook, WebhookDelivery } from '@parley/contracts'
import type { DeliveryRow, WebhookRow } from './tables.ts'

const instant = (date: Date): string => date.toISOString()
const optional = <K extends string, T, V>(key: K, value: T | null, shown: (value: T) => V) =>
  value === null ? {} : ({ [key]: shown(value) } as { [P in K]?: V })
const same = <T>(value: T): T => value

/** An endpoint as its account sees it, without its secret. */
export const toWebhook = (row: WebhookRow): Webhook => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: row.events,
  status: row.status,
  ...optional('disabledReason', row.disabled_reason, same),
  ...optional('disabledAt', row.disabled_at, instant),
  ...optional('failingSince', row.failing_since, instant),
  ...optional('previousSecretUntil', row.previous_until, instant),
  createdAt: instant(row.created_at),
  updatedAt: instant(row.updated_at),
})

export const toDelivery = (row: DeliveryRow): WebhookDelivery => ({
  id: row.id,
  eventId: row.event_id,
  type: row.type,
  ...optional('meetingId', row.meeting_id, same),
  status: row.status,
  attempts: row.attempts,
  late: row.late,
  ...optional('lastStatus', row.last_status, same),
  ...optional('lastError', row.last_error, same),
  ...(row.status === 'pending' && { nextAttemptAt: instant(row.next_at) }),
  happenedAt: instant(row.happened_at),
  createdAt: instant(row.created_at),
  ...optional('settledAt', row.settled_at, instant),
})
