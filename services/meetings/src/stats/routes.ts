import { chatBus, type MeetingStats, type statsOperations } from '@parley/contracts'
import { request, isProblem, type Handlers } from '@parley/kit'
import { calendarProblem } from '../behind-door.ts'
import { addressIn, calendarOf } from '../calendar/calendar.ts'
import { baseOf, now, type Context } from '../context.ts'
import { moderatedMeeting } from '../moderated.ts'
import { visibleFor } from '../read.ts'
import type { MeetingRow } from '../tables.ts'
import { attendanceCsv } from './csv.ts'
import { statsOf } from './stats.ts'
import { listMoves, listStays } from './store.ts'

/** The most that one answer reads: 1,000 people who each come 10 times. */
const maxStays = 10_000
const maxMoves = 4 * maxStays

/** The REST operations of statistics (M13) and the calendar file (M16). */
export function createStatsRoutes(context: Context) {
  return {
    async meetingStats({ params, principal }) {
      const meeting = await moderatedMeeting(context, params.id, principal.userId)
      const [attended, messages] = await Promise.all([attendanceOf(context, meeting), messagesIn(context, meeting.id)])
      return { status: 200, body: { durationSeconds: durationOf(meeting, now(context)), messages, ...attended } }
    },
    async attendanceCsv({ params, principal }) {
      const meeting = await moderatedMeeting(context, params.id, principal.userId)
      const { attendance } = await attendanceOf(context, meeting)
      return {
        status: 200,
        body: attendanceCsv(attendance),
        headers: fileHeaders('text/csv', `attendance-${meeting.code}.csv`),
      }
    },
    async meetingCalendar({ params, principal, request }) {
      const seen = await visibleFor(context, params.id, principal)
      const problem = await calendarProblem(context, seen, principal)
      if (problem !== null) throw problem
      const { meeting } = seen
      const body = calendarOf({
        meeting,
        link: baseOf(context, request).join(meeting.code),
        method: 'PUBLISH',
        organizerEmail: addressIn(context.config.MAIL_FROM),
        at: now(context),
      })
      return { status: 200, body, headers: fileHeaders('text/calendar', `meeting-${meeting.code}.ics`) }
    },
  } satisfies Handlers<typeof statsOperations>
}

async function attendanceOf(context: Context, { id }: MeetingRow): Promise<ReturnType<typeof statsOf>> {
  const stays = await listStays(context.db, id, maxStays)
  return statsOf(stays, await listMoves(context.db, id, maxMoves), now(context))
}

const durationOf = (
  { started_at: from, ended_at: ended, empty_since: empty }: MeetingRow,
  at: Date,
): MeetingStats['durationSeconds'] =>
  from === null ? 0 : Math.max(0, Math.round(((ended ?? empty ?? at).getTime() - from.getTime()) / 1000))

/** How many messages there are; null while the chat is away: the rest is worth having without. */
async function messagesIn({ bus, log }: Context, meetingId: string): Promise<number | null> {
  try {
    return (await request(bus, chatBus.head, { meetingId })).seq
  } catch (error) {
    if (!isProblem(error)) throw error
    log.warn({ err: error, meetingId }, 'cannot ask the chat for its messages')
    return null
  }
}

const fileHeaders = (type: string, name: string) => ({
  'content-type': `${type}; charset=utf-8`,
  'content-disposition': `attachment; filename="${name}"`,
  'cache-control': 'private, no-store',
})
