import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './history/history.ts'
import { inParallel, type Crowd } from './workload/crowd.ts'

const everyMs = 100

/** How long a server stands still: a third of the run, 20 s in the whole one. */
export const freezingMs = (seconds: number): number => (seconds * 1_000) / 3

/** Reads over REST (a meeting, its chat) again and again for `ms`; how long each took, Infinity for one that failed. */
export async function readingsDuring(ms: number, { meetings }: Crowd): Promise<number[]> {
  const until = now() + ms
  const times: number[] = []
  const readers = meetings.flatMap(({ id, attendees }) => attendees.slice(0, 1).map((attendee) => ({ id, attendee })))
  await inParallel(
    readers,
    async ({ id, attendee: { parley } }) => {
      while (now() < until) {
        const from = now()
        const ok = await Promise.all([
          parley.rest.getMeeting({ params: { id } }),
          parley.rest.listMessages({ params: { id }, query: { limit: 10 } }),
        ]).then(
          () => true,
          () => false,
        )
        times.push(ok ? now() - from : Infinity)
        await sleep(everyMs)
      }
    },
    readers.length,
  )
  return times
}
