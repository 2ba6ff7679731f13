import type { Evidence, Fault } from '../fault.ts'
import { atMost, none, type Figure } from '../figures.ts'
import { failedSends } from '../findings.ts'
import { untilConverged } from '../converge.ts'
import { countAcrossStandstill, countingFigures } from '../counting.ts'
import { freezingMs, readingsDuring } from '../readings.ts'

/** Redis dies and comes back empty; then it stands still for a while. */
export const redisAway: Fault = {
  id: 'T9',
  title: 'Redis killed empty, and frozen',
  promise:
    'When Redis comes back empty everybody has a right view 15 s later; nobody is logged out and no message is lost.',
  field: 'an outage of NATS or Redis: nobody states a figure',
  commands: 0.5,
  async inject(scene) {
    const { cluster, wait, note, crowd } = scene
    await cluster.endServer('redis')
    await wait(1_000)
    await cluster.restartServer('redis')
    note('converged', await untilConverged(scene, { patienceMs: 30_000 }))
    const { pid } = cluster.server('redis')
    await cluster.freeze(pid)
    for (const ms of await readingsDuring(freezingMs(scene.size.seconds), crowd)) note('read', ms)
    cluster.thaw(pid)
    note('converged', await untilConverged(scene, { patienceMs: 30_000 }))
    await countAcrossStandstill(scene)
  },
  figures: figuresOf,
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, noted } = evidence
  const refused = history.http.filter(({ status }) => status === 401)
  const lost = history.statuses.filter(({ state }) => state === 'lost')
  const away = history.statuses.filter(({ state }) => state === 'reconnecting')
  return [
    none('logged out', refused.length + lost.length),
    none('sockets lost', new Set(away.map(({ client }) => client)).size),
    none('sends that failed', failedSends(history)),
    atMost('a right view for everybody, after it was back', noted('converged'), { most: 15_000 }),
    atMost('REST reads while it was frozen', noted('read'), { most: 800, of: 'p99' }),
    ...countingFigures(evidence),
  ]
}
