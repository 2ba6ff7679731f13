import { monitorEventLoopDelay } from 'node:perf_hooks'
import { untilConverged } from '../converge.ts'
import type { Fault, Scene } from '../fault.ts'
import { now } from '../history/history.ts'
import { resourcesOf, type Resources } from '../stack/resources.ts'
import { startChurn } from '../workload/churn.ts'
import { figuresOf } from './t25-figures.ts'
import { endlessly } from './t25-steps.ts'

const warmUpMs = 10_000
/** Of everybody, in a minute. */
const churn = 0.1
const faultEveryMs = 60_000
/** At least so many in a shorter run. */
const faultsAtLeast = 6
const convergeMs = 60_000
/** A pool gives back what it does not need after 10 s; what was cut off may be counted for longer. */
const calmMs = 20_000

/** Half an hour of everything at once: people come and go, and each minute something else breaks. */
export const soak: Fault = {
  id: 'T25',
  title: 'soak',
  promise: '2,000 people come and go in 200 rooms, with a fault each minute: all promises hold and nothing is used up.',
  size: { rooms: 200, clients: 10, chat: 200, state: 40, signals: 20, seconds: 1_800 },
  // Sessions of two thousand people are memory, and were not there when the processes were first looked at.
  growthMib: 600,
  commands: 0.5,
  async inject(scene) {
    const { cluster, crowd, size, random, mark, note, wait } = scene
    await wait(warmUpMs)
    mark('begun')
    noteResources(scene, 'before', await resourcesOf(cluster))
    note('people before', crowd.attendees.length)
    const delay = monitorEventLoopDelay()
    delay.enable()
    const people = startChurn(crowd, crowd.attendees.length * churn, random)
    await breakThings(scene, now() + size.seconds * 1_000 - warmUpMs - calmMs)
    await people.stop()
    note('left', people.left)
    note('came', people.came)
    note('could not come', people.failed)
    await wait(calmMs)
    mark('ended')
    noteResources(scene, 'after', await resourcesOf(cluster))
    note('people after', crowd.attendees.filter(({ status }) => status === 'joined').length)
    note('clients MiB', process.memoryUsage().rss / 1_048_576)
    note('clients delay', delay.max / 1e6)
    delay.disable()
  },
  figures: figuresOf,
}

/** A fault each minute, or as soon as the last one is over, until it is too late for another. */
async function breakThings(scene: Scene, until: number): Promise<void> {
  const { random, mark, note, wait } = scene
  const everyMs = Math.min(faultEveryMs, (until - now()) / faultsAtLeast)
  let next = now()
  for (const { name, act } of endlessly(random)) {
    next += everyMs
    if (next > until) break
    await wait(Math.max(0, next - now() - everyMs / 2))
    mark(name)
    await act(scene)
    const ms = await untilConverged(scene, { patienceMs: convergeMs })
    note('converged', ms)
    note(`after ${name}`, ms)
  }
  await wait(Math.max(0, until - now()))
}

function noteResources({ note }: Scene, when: string, resources: Resources): void {
  for (const [what, count] of resources) note(`${what}, ${when}`, count)
}
