import icalendar, {
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventStatus,
  type ICalEventData,
} from 'ical-generator'
import { DateTime } from 'luxon'
import type { MeetingRow } from '../tables.ts'
import { timeZoneComponent } from './time-zone.ts'

export interface CalendarOptions {
  meeting: MeetingRow
  /** Where it is joined. */
  link: string
  method: 'PUBLISH' | 'REQUEST' | 'CANCEL'
  /** Whom answers would go to; the host's own address is nobody's business. */
  organizerEmail: string
  attendee?: { email: string; accepted: boolean }
  at: Date
}

const defaultMinutes = 60
const minuteMs = 60_000

/** When a meeting takes place: as planned, else from when it began or was made. */
export function timesOf(meeting: MeetingRow): { start: Date; end: Date } {
  const start = meeting.scheduled_at ?? meeting.started_at ?? meeting.created_at
  const planned = new Date(start.getTime() + (meeting.duration_minutes ?? defaultMinutes) * minuteMs)
  const end = meeting.scheduled_at === null && meeting.ended_at !== null ? meeting.ended_at : planned
  return { start, end: end > start ? end : planned }
}

/** A meeting as iCalendar text (RFC 5545, RFC 5546): one event, in the meeting's own time zone. */
export function calendarOf(options: CalendarOptions): string {
  const { meeting, method } = options
  const times = timesOf(meeting)
  const calendar = icalendar({ prodId: { company: 'Parley', product: 'Meetings' }, method: ICalCalendarMethod[method] })
  // The zone is the event's: as the calendar's it would also be that of DTSTAMP, which is UTC.
  calendar.timezone({ name: null, generator: (zone) => timeZoneComponent(zone, { from: times.start, to: times.end }) })
  calendar.createEvent(eventOf(options, times))
  // The last line ends too (RFC 5545, 3.1).
  return `${calendar.toString()}\r\n`
}

function eventOf(
  { meeting, link, method, organizerEmail, attendee, at }: CalendarOptions,
  times: { start: Date; end: Date },
): ICalEventData {
  const zoned = (time: Date): DateTime => DateTime.fromJSDate(time, { zone: meeting.time_zone })
  const [start, end] = [zoned(times.start), zoned(times.end)]
  const off = method === 'CANCEL' || meeting.status === 'cancelled'
  return {
    id: meeting.id,
    sequence: meeting.version,
    stamp: at,
    created: meeting.created_at,
    timezone: meeting.time_zone === 'UTC' || [start, end].some(isTwice) ? null : meeting.time_zone,
    start,
    end,
    summary: printable(meeting.title),
    description: printable(`${meeting.description}\n\nJoin: ${link}`.trim()),
    location: link,
    url: link,
    status: off ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    organizer: { name: printable(meeting.host_name), email: organizerEmail },
    attendees:
      attendee === undefined
        ? []
        : [
            {
              email: attendee.email,
              rsvp: !attendee.accepted,
              role: ICalAttendeeRole.REQ,
              status: attendee.accepted ? ICalAttendeeStatus.ACCEPTED : ICalAttendeeStatus.NEEDSACTION,
            },
          ],
  }
}

/** Whether clocks there show this time twice, as the end of summer time makes them: then only UTC tells which is meant. */
const isTwice = (time: DateTime): boolean => time.getPossibleOffsets().length > 1

/** Without the control characters that iCalendar has no way to write (RFC 5545, 3.3.11). */
const printable = (text: string): string => text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '')

/** The address in `Name <address>`. */
export const addressIn = (from: string): string => /<([^<>\s]+)>\s*$/.exec(from)?.[1] ?? from.trim()
