import { meetingsBus } from '@parley/contracts'
import { publish } from '@parley/kit'
import { now, type Context } from '../context.ts'
import { startLoop, type Loop } from '../loop.ts'
import { forgetUserEvents, markNews, takeStarting, takeUntold, trimBoxes } from './store.ts'
import { putMeetingEvents } from './put.ts'

const everyMs = 1_000
const batch = 200
const startingBeforeMs = 5 * 60_000
const keepMs = 7 * 86_400_000

/** Tells event streams, after the commit, that there is something new in a box; several replicas share the work. */
export const startTeller = ({ bus, db, log, wakeWebhooks }: Context): Loop =>
  startLoop({
    name: 'teller',
    everyMs,
    log,
    async run() {
      // In one transaction: what is taken as told is news for webhooks, also if this process dies then.
      const boxes = await db.transaction().execute(async (trx) => {
        const taken = await takeUntold(trx, batch)
        if (taken.length > 0) await markNews(trx, taken)
        return taken
      })
      for (const box of boxes) publish(bus, meetingsBus.news, { box }, {})
      if (boxes.length > 0) {
        wakeWebhooks()
        await trimBoxes(db, boxes)
      }
      return boxes.length === batch
    },
  })

/** Tells the people of scheduled meetings, once, that theirs begin in a few minutes; true if there may be more. */
export async function announceStarting(context: Context): Promise<boolean> {
  const at = now(context)
  const before = new Date(at.getTime() + startingBeforeMs)
  const starting = await context.db.transaction().execute(async (trx) => {
    const meetings = await takeStarting(trx, { at, before, limit: batch })
    await putMeetingEvents(
      trx,
      context,
      meetings.map((meeting) => ({ type: 'meeting.starting', meeting })),
    )
    return meetings.length
  })
  if (starting > 0) context.wakeTeller()
  return starting === batch
}

/** Forgets what is too old to be asked for; true if there may be more. */
export const forgetOldEvents = ({ db, clock }: Context): Promise<boolean> =>
  forgetUserEvents(db, new Date(clock.now() - keepMs), batch)
