import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { failedSends, unwantedDepartures } from '../findings.ts'
import { untilConverged } from '../converge.ts'
import { now } from '../history/history.ts'
import type { FaultProxy } from '../proxy/fault-proxy.ts'

const leastStalledMs = 18_000
const probeEveryMs = 200

/** Packets from one signaling node to NATS no longer get there; then the same towards Redis. */
export const oneWayPartition: Fault = {
  id: 'T17',
  title: 'one-way partitions',
  promise:
    'A node that is cut off one way from NATS or Redis notices within 16 s. All is as before 10 s after healing.',
  links: [
    { who: 'signaling-1', server: 'nats' },
    { who: 'signaling-1', server: 'redis' },
  ],
  commands: 0.5,
  async inject(scene, [nats, redis]) {
    if (nats === undefined || redis === undefined) throw new Error('the links are missing')
    await stall(scene, nats, 'bus')
    await stall(scene, redis, 'kv')
  },
  figures: figuresOf,
}

async function stall(scene: Scene, link: FaultProxy, dependency: string): Promise<void> {
  const { cluster, wait, note, size } = scene
  const node = cluster.replicas('signaling')[0]
  const from = now()
  const stalledMs = Math.max(leastStalledMs, size.seconds * 300)
  link.set({ up: 'stall' })
  const missing = new RegExp(`"${dependency}":\\s*false`)
  let noticed = Infinity
  while (noticed === Infinity && now() - from < stalledMs) {
    const text = await fetch(`${node?.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.text(),
      () => '',
    )
    if (missing.test(text)) noticed = now() - from
    await wait(probeEveryMs)
  }
  note('noticed', noticed)
  await wait(Math.max(0, stalledMs - (now() - from)))
  link.set({ up: 'flow' })
  note('converged', await untilConverged(scene, { patienceMs: 30_000 }))
}

function figuresOf({ history, noted }: Evidence): Figure[] {
  return [
    atMost('noticed (NATS, then Redis)', noted('noticed'), { most: 16_000 }),
    atMost('all the same after healing (NATS, then Redis)', noted('converged'), { most: 10_000 }),
    none('sends that failed for good', failedSends(history)),
    // The lease of a node that cannot reach Redis runs out; others may take its people for gone meanwhile.
    single('seen to leave meanwhile', unwantedDepartures(history), {}),
  ]
}
