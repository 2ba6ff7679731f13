import { enqueueNotice } from './store/outbox.ts'
import type { Db, MeetingRow } from './tables.ts'

/**
 * In the transaction of a change: says it in the chat of a meeting that is under way, to be told by the relay. Only for
 * what is rare and concerns everybody.
 */
export async function say(trx: Db, meeting: MeetingRow, text: string, at: Date): Promise<void> {
  if (meeting.status === 'live') await enqueueNotice(trx, meeting.id, text, at)
}

/** A change by the host that everybody wants to know; null if nothing. */
export function changeInWords(before: MeetingRow, after: MeetingRow): string | null {
  const by = after.host_name
  if (after.title !== before.title) return `${by} renamed the meeting to “${after.title}”.`
  const moved = after.scheduled_at?.getTime() !== before.scheduled_at?.getTime()
  if (after.scheduled_at !== null && (moved || after.time_zone !== before.time_zone))
    return `${by} moved the meeting to ${timeInWords(after.scheduled_at, after.time_zone)}.`
  if (moved) return `${by} took the meeting off the calendar.`
  if (after.duration_minutes !== null && after.duration_minutes !== before.duration_minutes)
    return `${by} planned ${after.duration_minutes} minutes for the meeting.`
  return null
}

const timeInWords = (at: Date, timeZone: string): string =>
  `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(at)} (${timeZone})`
