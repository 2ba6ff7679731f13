import { forgetAnswers } from '@parley/kit'
import { endAndTell, putEnded, tellOfEnd } from './end.ts'
import { now, type Context } from './context.ts'
import { lapseLobbies } from './lobby/state.ts'
import { startLoop, type Loop } from './loop.ts'
import { forgetRoomTokens } from './store/room-tokens.ts'
import { forgetJoinTokens, forgetLobbyEntries, lockDue, openScheduled } from './store/sweep.ts'
import type { Db, MeetingRow } from './tables.ts'
import { forgetNotes } from './timeline/store.ts'
import { forgetStays } from './store/attendance.ts'
import { announceStarting, forgetOldEvents } from './user-events/teller.ts'
import { forgetDeliveries } from './webhooks/store.ts'

const everyMs = 5000
const batch = 50
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Ends meetings that are empty or expired, each once however many replicas sweep, and forgets what has run out. */
export const startSweeper = (context: Context): Loop =>
  startLoop({
    name: 'sweeper',
    everyMs,
    log: context.log,
    async run() {
      const { db } = context
      const at = now(context)
      const ended = await db.transaction().execute((trx) => endDue(trx, context, at))
      tellOfEnd(context, ended)
      if (ended.length === batch) return true
      if (await announceStarting(context)) return true
      await openScheduled(db, at)
      await lapseLobbies(context, at)
      await forgetRoomTokens(db, new Date(at.getTime() - hourMs))
      await forgetLobbyEntries(db, new Date(at.getTime() - 2 * dayMs))
      await forgetJoinTokens(db, new Date(at.getTime() - 30 * dayMs))
      await forgetAnswers(db, at)
      if (await forgetAttendance(context, at)) return true
      const notesMs = context.config.TIMELINE_RETENTION_DAYS * dayMs
      if (await forgetNotes(db, new Date(at.getTime() - notesMs), 500)) return true
      const keepMs = context.config.WEBHOOK_RETENTION_DAYS * dayMs
      if (await forgetDeliveries(db, new Date(at.getTime() - keepMs), 500)) return true
      return forgetOldEvents(context)
    },
  })

/** Stays and moves from before the days that they are kept for; true if there may be more. */
async function forgetAttendance({ db, config }: Context, at: Date): Promise<boolean> {
  const days = config.ATTENDANCE_RETENTION_DAYS
  return days > 0 && forgetStays(db, new Date(at.getTime() - days * dayMs), 500)
}

async function endDue(trx: Db, context: Context, at: Date): Promise<MeetingRow[]> {
  const { config } = context
  const due = await lockDue(trx, {
    at,
    emptyBefore: new Date(at.getTime() - config.EMPTY_END_SECONDS * 1000),
    expiredBefore: new Date(at.getTime() - config.MEETING_EXPIRY_HOURS * hourMs),
    limit: batch,
  })
  const ended: MeetingRow[] = []
  for (const reason of ['empty', 'expired'] as const) {
    const ids = due.filter((meeting) => meeting.reason === reason).map(({ id }) => id)
    ended.push(...(await endAndTell(trx, ids, { at, reason })))
  }
  await putEnded(trx, context, ended)
  return ended
}
