import type { Evidence, Fault } from '../fault.ts'
import { none, share, type Figure } from '../figures.ts'
import { unwantedDepartures } from '../findings.ts'

const promptMs = 5_000

/** Every byte of every client is late, by another time each, and comes in crumbs. */
export const badNetwork: Fault = {
  id: 'T16',
  title: 'bad network',
  promise: 'With 300 ± 200 ms each way, in crumbs, nobody is taken for gone and 99 % of sends are accepted in 5 s.',
  // Each message is some hundred writes in the proxy: less load, so that the proxy is not what is measured.
  size: { rooms: 6, clients: 5, chat: 15, state: 6, signals: 6, seconds: 60 },
  async inject({ doors, wait, mark, size }) {
    mark('bad')
    for (const door of doors) door.set({ delayMs: 300, jitterMs: 200, sliceBytes: 7 })
    await wait(size.seconds * 1_000)
  },
  async heal({ doors }) {
    for (const door of doors) door.set({ delayMs: 0, jitterMs: 0, sliceBytes: 0 })
  },
  figures: figuresOf,
}

function figuresOf({ history, at, size }: Evidence): Figure[] {
  const [from = 0] = at('bad')
  const sends = history.sends.filter((one) => one.at >= from && one.at < from + size.seconds * 1_000)
  const prompt = sends.filter(({ at: when, outcome }) => outcome.is === 'accepted' && outcome.at - when <= promptMs)
  const marked = history.marks.filter(({ connection }) => connection === 'reconnecting')
  return [
    none('false leaves', unwantedDepartures(history)),
    none('taken for gone', marked.length),
    share('sends accepted within 5 s', prompt.length, sends.length, 99),
  ]
}
