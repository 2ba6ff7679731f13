import type { Evidence, Fault } from '../fault.ts'
import { none, share, type Figure } from '../figures.ts'
import { unwantedDepartures } from '../findings.ts'
import { lossFigure, withLoss } from '../loss.ts'

const promptMs = 5_000
const lossProbability = 0.05
/** The share that chance leaves of it, in percent. */
const leastLost = 4

/** Every byte of every client is late, by another time each, and comes in crumbs. Some crumbs are lost on the way. */
export const badNetwork: Fault = {
  id: 'T16',
  title: 'bad network',
  promise:
    'With 300 ± 200 ms each way, in crumbs, and 5 % loss nobody is taken for gone; 99 % of sends are accepted in 5 s.',
  losesPackets: true,
  // Each message is some hundred writes in the proxy: less load, so that the proxy is not what is measured.
  size: { rooms: 6, clients: 5, chat: 15, state: 6, signals: 6, seconds: 60 },
  async inject(scene) {
    const { doors, wait, mark, size } = scene
    mark('bad')
    for (const door of doors) door.set({ delayMs: 300, jitterMs: 200, sliceBytes: 7 })
    await withLoss(scene, lossProbability, () => wait(size.seconds * 1_000))
  },
  async heal({ doors }) {
    for (const door of doors) door.set({ delayMs: 0, jitterMs: 0, sliceBytes: 0 })
  },
  figures: figuresOf,
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, at, size } = evidence
  const [from = 0] = at('bad')
  const sends = history.sends.filter((one) => one.at >= from && one.at < from + size.seconds * 1_000)
  const prompt = sends.filter(({ at: when, outcome }) => outcome.is === 'accepted' && outcome.at - when <= promptMs)
  const marked = history.marks.filter(({ connection }) => connection === 'reconnecting')
  return [
    none('false leaves', unwantedDepartures(history)),
    none('taken for gone', marked.length),
    share('sends accepted within 5 s', prompt.length, sends.length, 99),
    lossFigure(evidence, leastLost),
  ]
}
