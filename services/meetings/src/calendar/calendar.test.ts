import { newId } from '@parley/kit'
import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../meeting.ts'
import type { MeetingRow } from '../tables.ts'
import { readCalendar } from '../testing/read-calendar.ts'
import { addressIn, calendarOf } from './calendar.ts'

const at = new Date('2026-01-05T10:00:00.000Z')
const meeting: MeetingRow = {
  id: newId(),
  code: 'abc-defg-hij',
  title: 'Plan',
  description: '',
  type: 'public',
  status: 'scheduled',
  host_id: newId(),
  host_name: 'Ann',
  scheduled_at: at,
  duration_minutes: 30,
  time_zone: 'Europe/Berlin',
  passcode_hash: null,
  passcode_round: 0,
  max_participants: 50,
  settings: defaultSettings('public'),
  version: 3,
  public_base: 'https://meet.test',
  created_at: at,
  updated_at: at,
  started_at: null,
  ended_at: null,
  end_reason: null,
  empty_since: null,
  deleted_at: null,
  starting_told: null,
  lobby_version: 0,
  room_seq: 0,
}
const options = {
  link: 'https://meet.test/m/abc-defg-hij',
  method: 'REQUEST',
  organizerEmail: 'no-reply@meet.test',
  at,
} as const
const textOf = (change: Partial<MeetingRow>, more: object = {}): string =>
  calendarOf({ ...options, ...more, meeting: { ...meeting, ...change } })

describe('calendar', () => {
  it('M16 an event says what, when, where, who, and its version', () => {
    const attendee = { email: 'bob@example.org', accepted: false }
    const read = readCalendar(textOf({ title: 'Ünï, "q"; \\n', description: 'a\r\nb\u0007' }, { attendee }))
    expect(read).toMatchObject({
      method: 'REQUEST',
      uid: meeting.id,
      sequence: 3,
      status: 'CONFIRMED',
      summary: 'Ünï, "q"; \\n',
      description: 'a\nb\n\nJoin: https://meet.test/m/abc-defg-hij',
      url: 'https://meet.test/m/abc-defg-hij',
      organizer: { address: 'mailto:no-reply@meet.test', name: 'Ann' },
      stamp: at,
      start: at,
      end: new Date(at.getTime() + 30 * 60_000),
    })
    expect(read.attendee.toLowerCase()).toBe('mailto:bob@example.org')
    expect(readCalendar(textOf({}, { method: 'CANCEL' }))).toMatchObject({ method: 'CANCEL', status: 'CANCELLED' })
  })

  it('S29 no text of a meeting becomes a line of the calendar, and lines are no longer than 75 bytes', () => {
    const evil = 'x\r\nATTENDEE:mailto:eve@example.org\nEND:VEVENT'
    const text = textOf({ title: evil, description: evil.repeat(20), host_name: `${evil}"` })
    const lines = text.split('\r\n')
    expect(lines.filter((line) => line === 'END:VEVENT')).toHaveLength(1)
    expect(lines.some((line) => line.startsWith('ATTENDEE'))).toBe(false)
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })

  const rows: [string, string, string, string][] = [
    ['Europe/Berlin', 'before summer time', '2031-03-30T00:59:00.000Z', '20310330T015900'],
    ['Europe/Berlin', 'at its beginning', '2031-03-30T01:00:00.000Z', '20310330T030000'],
    ['Europe/Berlin', 'in summer', '2031-07-01T08:00:00.000Z', '20310701T100000'],
    ['Europe/Berlin', 'after summer time', '2031-10-26T02:00:00.000Z', '20311026T030000'],
    ['America/New_York', 'before daylight saving', '2031-03-09T06:59:00.000Z', '20310309T015900'],
    ['America/New_York', 'at its beginning', '2031-03-09T07:00:00.000Z', '20310309T030000'],
    ['America/New_York', 'after it', '2031-11-02T07:30:00.000Z', '20311102T023000'],
    ['Asia/Kolkata', 'which has none', '2031-07-01T04:30:00.000Z', '20310701T100000'],
    ['Australia/Lord_Howe', 'which moves by 30 min', '2031-01-01T00:00:00.000Z', '20310101T110000'],
    ['Africa/Casablanca', 'in Ramadan', '2026-03-01T09:00:00.000Z', '20260301T090000'],
  ]
  it.each(rows)(
    'M16 %s, %s: %s is %s there, and a reader of the file gets the same instant',
    (zone, _when, instant, local) => {
      const text = textOf({ time_zone: zone, scheduled_at: new Date(instant) })
      expect(text).toContain(`DTSTART;TZID=${zone}:${local}`)
      expect(readCalendar(text)).toMatchObject({ start: new Date(instant), zone, zones: [zone] })
    },
  )

  it('M16 every zone of the world, in each month, is read as the right instant', () => {
    const wrong: string[] = []
    const zones = Intl.supportedValuesOf('timeZone')
    for (const [index, zone] of zones.entries()) {
      const instant = new Date(Date.UTC(2027, index % 12, 1 + (index % 28), index % 24, 15))
      const read = readCalendar(textOf({ time_zone: zone, scheduled_at: instant }))
      if (read.start.getTime() !== instant.getTime()) wrong.push(`${zone} ${instant.toISOString()}`)
    }
    expect([wrong, zones.length > 400]).toEqual([[], true])
  })

  it.each(['2031-10-26T00:30:00.000Z', '2031-10-26T01:30:00.000Z', '2031-10-25T23:45:00.000Z'])(
    'M16 of an hour that comes twice the right one is read: %s',
    (instant) => {
      const read = readCalendar(textOf({ scheduled_at: new Date(instant) }))
      expect(read.start.toISOString()).toBe(instant)
      expect(read.end.getTime() - read.start.getTime()).toBe(30 * 60_000)
    },
  )

  it('M16 a meeting in UTC needs no zone, one without a plan is from when it began', () => {
    const read = readCalendar(
      textOf({
        time_zone: 'UTC',
        scheduled_at: null,
        duration_minutes: null,
        started_at: new Date('2026-02-01T09:00:00.000Z'),
      }),
    )
    expect(read).toMatchObject({
      zones: [],
      start: new Date('2026-02-01T09:00:00.000Z'),
      end: new Date('2026-02-01T10:00:00.000Z'),
    })
  })

  it.each([
    ['Parley <a@b.test>', 'a@b.test'],
    ['a@b.test', 'a@b.test'],
  ])('the address in %s is %s', (from, address) => expect(addressIn(from)).toBe(address))
})
