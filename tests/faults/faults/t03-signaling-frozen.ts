import { socketsOf } from '../../support/nodes.ts'
import type { Evidence, Fault } from '../fault.ts'
import { none, single, type Figure } from '../figures.ts'
import { stayFigures } from '../findings.ts'
import { now } from '../history/history.ts'
import { freezingMs } from '../readings.ts'

const fenceMs = 1_000
const patienceMs = 5_000
const leastFrozenMs = 15_000

/** A node stands still and wakes up later, with sockets and sessions that have long been somebody else's. */
export const signalingFrozen: Fault = {
  id: 'T3',
  title: 'grey failure',
  promise: 'When a node stands still no client loses its connection; when it wakes up it lets go within 1 s.',
  commands: 0.5,
  async inject({ cluster, mark, wait, size, note }) {
    const node = cluster.replicas('signaling')[0]
    if (node === undefined) throw new Error('there is no signaling node')
    await cluster.freeze(node.pid)
    mark('frozen')
    await wait(Math.max(leastFrozenMs, freezingMs(size.seconds) * 1.5))
    cluster.thaw(node.pid)
    mark('thawed')
    const from = now()
    while ((await socketsOf(node.url)) > 0 && now() - from < patienceMs) await wait(20)
    note('fenced', now() - from)
    await wait(patienceMs)
  },
  figures: figuresOf,
}

function figuresOf({ history, at, noted }: Evidence): Figure[] {
  const [thawedAt = 0] = at('thawed')
  const afterwards = history.marks.filter((one) => one.at > thawedAt && one.connection === 'reconnecting')
  return [
    ...stayFigures(history),
    single('sockets let go after it woke up', noted('fenced')[0] ?? Infinity, { most: fenceMs }, 'ms'),
    none('shown as reconnecting after it woke up', afterwards.length),
  ]
}
