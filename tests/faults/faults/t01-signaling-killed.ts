import type { Fault } from '../fault.ts'
import { stayFigures } from '../findings.ts'
import { pick } from '../random.ts'

const most = 5
const betweenMs = 8_000

/** A node of signaling dies, again and again; each time another one starts. */
export const signalingKilled: Fault = {
  id: 'T1',
  title: 'signaling killed',
  promise: 'When a node dies, no client loses its connection, and nobody is seen to leave.',
  commands: 0.5,
  async inject({ cluster, random, wait, mark, size }) {
    const times = Math.max(1, Math.min(most, Math.floor(size.seconds / 10)))
    for (let time = 0; time < times; time += 1) {
      const victim = pick(random, cluster.replicas('signaling'))
      if (victim === undefined) throw new Error('there is no signaling node')
      mark('killed')
      await cluster.end(victim, 'SIGKILL')
      await cluster.startLike(victim)
      await wait(betweenMs)
    }
  },
  figures: ({ history }) => stayFigures(history),
}
