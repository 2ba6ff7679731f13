import type { WebhookDelivery, Webhook } from '@parley/contracts'
import type { Generated, Selectable } from 'kysely'

/** The tables of migration 014. The database's clock tells what is due and which lease has run out. */
export interface WebhookTables {
  webhooks: WebhooksTable
  webhook_deliveries: DeliveriesTable
  /** Of migration 026. */
  disabled_accounts: { user_id: string }
}
export type WebhookRow = Selectable<WebhooksTable>
export type DeliveryRow = Selectable<DeliveriesTable>

interface WebhooksTable {
  id: string
  user_id: string
  /** The account's box of events, and that of its verified address; null while none is known. */
  box: string
  mail_box: string | null
  address_asked_at: Generated<Date>
  url: string
  description: string
  /** Names of events; none: all. */
  events: string[]
  /** Sealed, with the id as context. */
  secret: string
  previous_secret: string | null
  previous_until: Date | null
  /** Up to which number each box has been made deliveries of. */
  own_seq: number
  mail_seq: number
  has_news: Generated<boolean>
  status: Generated<Webhook['status']>
  disabled_reason: NonNullable<Webhook['disabledReason']> | null
  disabled_at: Date | null
  /** Attempts that failed since the last one that did not. */
  failures: Generated<number>
  failing_since: Date | null
  /** When something of it is due; null: nothing waits. */
  next_at: Date | null
  /** Until then one replica sends to it; its records carry the `fence` of its lease. */
  leased_until: Date | null
  fence: Generated<number>
  created_at: Date
  updated_at: Date
}

interface DeliveriesTable {
  id: string
  webhook_id: string
  position: Generated<number>
  /** Box and number: the same for each endpoint, attempt and replay. */
  event_id: string
  type: string
  /** Deliveries of one lane go one at a time, in the order of their positions. */
  lane: string
  meeting_id: string | null
  data: unknown
  happened_at: Date
  status: Generated<WebhookDelivery['status']>
  attempts: Generated<number>
  late: Generated<boolean>
  next_at: Generated<Date>
  failing_since: Date | null
  last_status: number | null
  last_error: string | null
  created_at: Generated<Date>
  settled_at: Date | null
}
