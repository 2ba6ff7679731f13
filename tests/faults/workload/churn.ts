import { setTimeout as sleep } from 'node:timers/promises'
import { pick, type Random } from '../random.ts'
import type { Crowd } from './crowd.ts'

export interface Churn {
  readonly left: number
  readonly came: number
  /** Those who could not come in, such as in the middle of a fault; somebody else came for them. */
  readonly failed: number
  /** Resolves when nobody is on the way any more and as many are there as in the beginning. */
  stop(): Promise<void>
}

const retryMs = 1_000
const tries = 60

/** People leave, and for each another one comes: `perMinute` of them in all rooms together. */
export function startChurn(crowd: Crowd, perMinute: number, random: Random): Churn {
  const counts = { left: 0, came: 0, failed: 0 }
  const underWay = new Set<Promise<void>>()
  const stopping = new AbortController()
  const replace = async (): Promise<void> => {
    const meeting = pick(random, crowd.meetings)
    const leaver = pick(random, meeting?.attendees.filter(({ status, isBusy }) => status === 'joined' && !isBusy) ?? [])
    if (meeting === undefined || leaver === undefined) return
    meeting.attendees.splice(meeting.attendees.indexOf(leaver), 1)
    await leaver.leave()
    counts.left += 1
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      if (await cameIn(crowd.come(meeting))) {
        counts.came += 1
        return
      }
      counts.failed += 1
      await sleep(retryMs)
    }
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(60_000 / perMinute, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      const one = replace().finally(() => underWay.delete(one))
      underWay.add(one)
    }
  }
  const running = run()
  return {
    get left() {
      return counts.left
    },
    get came() {
      return counts.came
    },
    get failed() {
      return counts.failed
    },
    async stop() {
      stopping.abort()
      await running
      await Promise.all(underWay)
    },
  }
}

const cameIn = (coming: Promise<unknown>): Promise<boolean> =>
  coming.then(
    () => true,
    () => false,
  )
