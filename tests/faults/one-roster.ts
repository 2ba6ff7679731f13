import { setTimeout as sleep } from 'node:timers/promises'
import { checkRosters } from './history/check-members.ts'
import { emptyHistory, now } from './history/history.ts'
import type { Meeting } from './workload/crowd.ts'

const pollMs = 50

/**
 * The time until all participants of a meeting have the same version and see each other as they are. Nobody does
 * anything about it meanwhile; Infinity for longer than `patienceMs`.
 */
export const untilOneRoster = (meetings: readonly Meeting[], patienceMs: number, from = now()): Promise<number[]> =>
  Promise.all(meetings.map((meeting) => oneRoster(meeting, { from, until: from + patienceMs })))

async function oneRoster(meeting: Meeting, { from, until }: { from: number; until: number }): Promise<number> {
  while (now() < until) {
    if (isOne(meeting)) return now() - from
    await sleep(pollMs)
  }
  return Infinity
}

function isOne({ id, attendees }: Meeting): boolean {
  const staying = attendees.filter(({ status }) => status === 'joined' || status === 'reconnecting')
  if (staying.some(({ status }) => status === 'reconnecting')) return false
  const views = staying.map(({ view }) => view)
  const truth = new Map([[id, staying.map((attendee) => attendee.truth)]])
  const isSame = new Set(views.map(({ contents }) => contents)).size <= 1
  return isSame && checkRosters({ ...emptyHistory, views, truth }).breaches.length === 0
}
