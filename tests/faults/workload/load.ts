import { setTimeout as sleep } from 'node:timers/promises'
import { between, pick, type Random } from '../random.ts'
import type { Attendee, SwitchName } from './attendee.ts'
import type { Meeting } from './crowd.ts'

/** How much happens per second in all rooms together. */
export interface Rates {
  chat: number
  state: number
  signals: number
}

export interface Load {
  /** Ends the load; resolves when nobody makes anything new. */
  stop(): Promise<void>
}

const tickMs = 20
const textBytes = 200
const switchNames: readonly SwitchName[] = ['mic', 'cam', 'hand']

/** Makes everybody talk at a steady rate, chosen by `random`. Those whose stay is over are passed over. */
export function startLoad(meetings: readonly Meeting[], rates: Rates, random: Random): Load {
  let stopped = false
  let said = 0
  const present = (attendee: Attendee) => attendee.status === 'joined' || attendee.status === 'reconnecting'
  const anybody = (): Attendee | undefined => pick(random, (pick(random, meetings)?.attendees ?? []).filter(present))
  const acts = {
    chat() {
      const attendee = anybody()
      said += 1
      void attendee?.say(`${attendee.name} says ${said} `.padEnd(textBytes, '.'))
    },
    state() {
      const what = switchNames[between(random, 0, switchNames.length - 1)] ?? 'mic'
      void anybody()?.toggle(what)
    },
    signals() {
      const from = anybody()
      const meeting = meetings.find(({ attendees }) => from !== undefined && attendees.includes(from))
      const to = pick(
        random,
        (meeting?.attendees ?? []).filter((one) => one !== from && present(one)),
      )
      if (to !== undefined) from?.signal(to)
    },
  }
  const run = async (): Promise<void> => {
    const from = performance.now()
    const done = { chat: 0, state: 0, signals: 0 }
    while (!stopped) {
      await sleep(tickMs)
      const seconds = (performance.now() - from) / 1_000
      for (const kind of ['chat', 'state', 'signals'] as const)
        for (; done[kind] < Math.floor(seconds * rates[kind]); done[kind] += 1) acts[kind]()
    }
  }
  const running = run()
  return {
    async stop() {
      stopped = true
      await running
    },
  }
}
