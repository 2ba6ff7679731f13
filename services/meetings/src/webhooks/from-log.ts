import { json, newId } from '@parley/kit'
import type { Insertable } from 'kysely'
import type { Db, Tables } from '../tables.ts'
import { listUserEvents } from '../user-events/store.ts'
import type { UserEventRow } from '../user-events/tables.ts'
import type { WebhookRow } from './tables.ts'

/** A place in the boxes of an endpoint: what comes after these numbers. */
export interface LogPlace {
  own: number
  mail: number
}
export interface LogPage {
  events: UserEventRow[]
  /** Up to where `events` reaches. */
  place: LogPlace
  more: boolean
}

const batch = 200

/** The next events of an endpoint's account, each box in its order, the boxes by time. */
export async function readLog(db: Db, webhook: WebhookRow, from: LogPlace): Promise<LogPage> {
  const own = await listUserEvents(db, webhook.box, from.own, batch)
  const mail = webhook.mail_box === null ? [] : await listUserEvents(db, webhook.mail_box, from.mail, batch)
  const events: UserEventRow[] = []
  for (let i = 0, j = 0; i < own.length || j < mail.length;) {
    const [one, other] = [own[i], mail[j]]
    const next = one !== undefined && (other === undefined || one.created_at <= other.created_at) ? one : other
    if (next === undefined) break
    if (next === one) i += 1
    else j += 1
    events.push(next)
  }
  return {
    events,
    place: { own: own.at(-1)?.seq ?? from.own, mail: mail.at(-1)?.seq ?? from.mail },
    more: own.length === batch || mail.length === batch,
  }
}

/** The id of an event in `webhook-id`: the same for each endpoint, attempt and replay. */
export const eventIdOf = ({ box, seq }: Pick<UserEventRow, 'box' | 'seq'>): string => `${box}.${seq}`

/** Box and number of such an id; null for one that is none. */
export function readEventId(id: string): { box: string; seq: number } | null {
  const [, box, seq] = /^([um]-[A-Za-z0-9_-]{36,64})\.(\d{1,15})$/.exec(id) ?? []
  return box === undefined || seq === undefined ? null : { box, seq: Number(seq) }
}

/** The deliveries of events that an endpoint wants. */
export const deliveriesOf = (
  { id, events: wanted }: Pick<WebhookRow, 'id' | 'events'>,
  events: readonly UserEventRow[],
): Insertable<Tables['webhook_deliveries']>[] =>
  events
    .filter(({ type }) => wanted.length === 0 || wanted.includes(type))
    .map((event) => {
      const meetingId = meetingOf(event.data)
      return {
        id: newId(),
        webhook_id: id,
        event_id: eventIdOf(event),
        type: event.type,
        lane: meetingId === null ? 'account' : `meeting:${meetingId}`,
        meeting_id: meetingId,
        data: json(event.data),
        happened_at: event.created_at,
      }
    })

function meetingOf(data: unknown): string | null {
  const { meeting, invite } = data as { meeting?: { id?: string }; invite?: { meetingId?: string } }
  return meeting?.id ?? invite?.meetingId ?? null
}
