import { setTimeout as sleep } from 'node:timers/promises'
import type { Scene } from './fault.ts'
import { now } from './history/history.ts'
import type { Meeting } from './workload/crowd.ts'

const pollMs = 50

/**
 * How long it takes, in milliseconds, until each room accepts a new change of state and its clients agree. They agree when, at one moment,
 * every client is there and shows the same version, people and state. The load goes on meanwhile;
 * Infinity for longer than `patienceMs`.
 */
export async function untilConverged({ crowd }: Scene, { patienceMs }: { patienceMs: number }): Promise<number> {
  const from = now()
  const done = await Promise.all(crowd.meetings.map((meeting) => converged(meeting, from + patienceMs)))
  return done.every(Boolean) ? now() - from : Infinity
}

async function converged({ attendees }: Meeting, until: number): Promise<boolean> {
  let accepted = false
  while (now() < until) {
    // Some may come and go meanwhile.
    const staying = attendees.filter(({ status }) => status !== 'left')
    accepted ||= (await staying.find(({ isBusy }) => !isBusy)?.toggle('hand')) ?? false
    const seen = new Set(staying.map(({ view: { v, people } }) => `${v} ${people.map(keyOf).toSorted().join(' ')}`))
    if (accepted && seen.size <= 1 && staying.every(({ status }) => status === 'joined')) return true
    await sleep(pollMs)
  }
  return false
}

const keyOf = ({ participantId, ...state }: { participantId: string; mic: boolean; cam: boolean; hand: boolean }) =>
  `${participantId}:${JSON.stringify(state)}`
