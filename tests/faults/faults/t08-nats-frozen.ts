import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { answerTimes, failedSends, unwantedDepartures } from '../findings.ts'
import { untilConverged } from '../converge.ts'
import { queueFigure, watchQueues } from '../queues.ts'
import { growthOf } from '../history/check-processes.ts'
import { now } from '../history/history.ts'

const leastFrozenMs = 20_000
const probeEveryMs = 200

/** NATS stands still with its connections open: nothing is refused, nothing answers. */
export const natsFrozen: Fault = {
  id: 'T8',
  title: 'NATS frozen',
  promise:
    'That NATS stands still is noticed within 16 s; until then each request fails within 1 s; memory and queues stay.',
  field: 'an outage of NATS or Redis: nobody states a figure',
  size: { seconds: 75 },
  async inject(scene) {
    const { cluster, mark, size, note, wait } = scene
    mark('frozen')
    const from = now()
    const queues = watchQueues(scene)
    await cluster.freeze(cluster.server('nats').pid)
    note('noticed', await untilNoticed(scene, from))
    await wait(Math.max(leastFrozenMs, size.seconds * 800) - (now() - from))
    await queues.end()
  },
  async heal(scene) {
    scene.mark('thawed')
    scene.cluster.thaw(scene.cluster.server('nats').pid)
    scene.note('converged', await untilConverged(scene, { patienceMs: 30_000 }))
  },
  figures: figuresOf,
}

/** When every node of signaling says of itself that its bus is gone. */
async function untilNoticed({ cluster, wait }: Scene, from: number): Promise<number> {
  const notices = cluster.replicas('signaling').map(async ({ url }) => {
    while (now() - from < 40_000) {
      if (/"bus":\s*false/.test(await (await fetch(`${url}/readyz`)).text())) return now() - from
      await wait(probeEveryMs)
    }
    return Infinity
  })
  return Math.max(...(await Promise.all(notices)))
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, at, noted, cluster } = evidence
  const [frozen = 0] = at('frozen')
  const [thawed = 0] = at('thawed')
  const during = cluster
    .records()
    .map(({ memory }) => growthOf(memory.filter((one) => one.at > frozen && one.at < thawed)))
  return [
    single('noticed', noted('noticed')[0] ?? Infinity, { most: 16_000 }, 'ms'),
    atMost('requests answered while it was frozen', answerTimes(history, [...bound], frozen, thawed), { most: 1_000 }),
    atMost('sends answered while it was frozen', answerTimes(history, ['chat.send'], frozen, thawed), { most: 1_000 }),
    atMost('memory of a process meanwhile', during, { most: 50, unit: 'MiB more' }),
    queueFigure(evidence),
    single('all the same after it went on', noted('converged')[0] ?? Infinity, { most: 10_000 }, 'ms'),
    none('sends that failed for good', failedSends(history)),
    none('seen to leave', unwantedDepartures(history)),
  ]
}

const bound = ['media.update', 'hand.raise', 'hand.lower', 'rtc.signal'] as const
