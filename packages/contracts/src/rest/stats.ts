import Type, { type Static } from 'typebox'
import { Id, Instant, Strict } from '../ids.ts'
import { Role } from '../roles.ts'
import type { Operations } from './operation.ts'

const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])

/** All stays of one person in a meeting, put together. */
export const UserAttendance = Type.Object(
  {
    userId: Id,
    name: Type.String({ description: 'As last shown' }),
    role: Role,
    firstJoinedAt: Instant,
    lastLeftAt: nullable(Instant),
    totalSeconds: Type.Integer({ description: 'Time in the meeting; two devices at once count once' }),
    joins: Type.Integer(),
  },
  { title: 'PersonAttendance' },
)
export type UserAttendance = Static<typeof UserAttendance>

export const MeetingStats = Type.Object(
  {
    durationSeconds: Type.Integer({ description: 'From the first joining to the end, or until now' }),
    peakParticipants: Type.Integer({ description: 'Most people at once' }),
    joins: Type.Integer(),
    uniqueParticipants: Type.Integer(),
    messages: nullable(Type.Integer({ description: 'null while the chat cannot be asked' })),
    attendance: Type.Array(UserAttendance, { description: 'In the order they came' }),
  },
  { title: 'MeetingStats' },
)
export type MeetingStats = Static<typeof MeetingStats>

/** A body that is not JSON, of this media type. */
const Text = (contentMediaType: string) => Type.String({ contentMediaType })
const byId = Strict({ id: Id })

export const statsOperations = {
  meetingStats: {
    method: 'GET',
    path: '/v1/meetings/:id/stats',
    auth: 'user',
    rows: ['M13'],
    summary: 'Numbers of a meeting, and who attended how long (host, cohost)',
    params: byId,
    answers: { 200: MeetingStats },
    problems: ['not-found', 'forbidden'],
  },
  attendanceCsv: {
    method: 'GET',
    path: '/v1/meetings/:id/attendance.csv',
    auth: 'user',
    rows: ['M13'],
    summary: 'The attendance with durations, for a spreadsheet (host, cohost)',
    params: byId,
    answers: { 200: Text('text/csv') },
    problems: ['not-found', 'forbidden'],
  },
  meetingCalendar: {
    method: 'GET',
    path: '/v1/meetings/:id/calendar.ics',
    auth: 'any',
    rows: ['M16'],
    summary:
      'The meeting for a calendar (iCalendar, RFC 5545), for those who were admitted, are invited or may walk in',
    params: byId,
    answers: { 200: Text('text/calendar') },
    problems: ['not-found', 'not-admitted', 'passcode-required', 'removed-from-meeting'],
  },
} as const satisfies Operations
