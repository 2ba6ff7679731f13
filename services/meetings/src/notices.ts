import { enqueueNotice, type Words } from './store/outbox.ts'
import type { Db, MeetingRow } from './tables.ts'

/**
 * In the transaction of a change: says it in the chat of a meeting that is under way, to be told by the relay. Only for
 * what is rare and concerns everybody.
 */
export async function say(trx: Db, meeting: MeetingRow, words: Words, at: Date): Promise<void> {
  if (meeting.status === 'live') await enqueueNotice(trx, meeting.id, words, at)
}

export const removedInWords = (by: string, name: string): Words => ({
  text: `${by} removed ${name}.`,
  system: { kind: 'person-removed', data: { by, name } },
})

export const handedOverInWords = (by: string, name: string): Words => ({
  text: `${by} made ${name} the host.`,
  system: { kind: 'host-changed', data: { by, name } },
})

/** A change by the host that everybody wants to know; null if nothing. */
export function changeInWords(before: MeetingRow, after: MeetingRow): Words | null {
  const { host_name: by, title, scheduled_at: scheduledAt, time_zone: timeZone, duration_minutes: minutes } = after
  if (title !== before.title)
    return {
      text: `${by} renamed the meeting to “${title}”.`,
      system: { kind: 'meeting-renamed', data: { by, title } },
    }
  const moved = scheduledAt?.getTime() !== before.scheduled_at?.getTime()
  if (scheduledAt !== null && (moved || timeZone !== before.time_zone))
    return {
      text: `${by} moved the meeting to ${timeInWords(scheduledAt, timeZone)}.`,
      system: { kind: 'meeting-moved', data: { by, scheduledAt: scheduledAt.toISOString(), timeZone } },
    }
  if (moved)
    return { text: `${by} took the meeting off the calendar.`, system: { kind: 'meeting-unscheduled', data: { by } } }
  if (minutes !== null && minutes !== before.duration_minutes)
    return {
      text: `${by} planned ${minutes} minutes for the meeting.`,
      system: { kind: 'meeting-duration', data: { by, durationMinutes: String(minutes) } },
    }
  return null
}

const timeInWords = (at: Date, timeZone: string): string =>
  `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(at)} (${timeZone})`
