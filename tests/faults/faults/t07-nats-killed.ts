import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, share, single, type Figure } from '../figures.ts'
import { answerTimes, comebacksOf, failedSends, unwantedDepartures } from '../findings.ts'
import { untilConverged } from '../converge.ts'
import { queueFigure, watchQueues } from '../queues.ts'

/** How long NATS is away: half of the run, 30 s in the whole one. */
const shareOfRun = 0.5

/** NATS is gone: sockets stay, chat is refused for now, and what was missed is caught up with. */
export const natsKilled: Fault = {
  id: 'T7',
  title: 'NATS killed',
  promise:
    'While NATS is away every send is answered within 1.5 s and none is lost; 5 s after it is back all is as it was.',
  field: 'an outage of NATS or Redis: nobody states a figure',
  commands: 0.5,
  async inject(scene) {
    const { cluster, mark, wait, size } = scene
    mark('down')
    await cluster.endServer('nats')
    const queues = watchQueues(scene)
    await wait(size.seconds * 1_000 * shareOfRun)
    await queues.end()
    noteSockets(scene)
  },
  async heal(scene) {
    await scene.cluster.restartServer('nats')
    scene.mark('up')
    scene.note('converged', await untilConverged(scene, { patienceMs: 20_000 }))
  },
  figures: figuresOf,
}

function noteSockets({ crowd, note }: Scene): void {
  note('joined', crowd.attendees.filter(({ status }) => status === 'joined').length)
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, at, noted, size } = evidence
  const [down = 0] = at('down')
  const [up = 0] = at('up')
  const states = history.requests.filter(({ type, at: when }) => stateTypes.includes(type) && when > down && when < up)
  const done = states.filter(({ end }) => end?.how === 'answered').length
  return [
    atMost('sends answered (also with a refusal)', answerTimes(history, ['chat.send'], down, up), { most: 1_500 }),
    none('sends that failed for good', failedSends(history)),
    share('clients on their sockets while it was away', noted('joined')[0] ?? 0, size.rooms * size.clients, 100),
    none('sockets lost', comebacksOf(history).length),
    share('state changes made while it was away', done, states.length, 95),
    queueFigure(evidence),
    single('all the same after it was back', noted('converged')[0] ?? Infinity, { most: 5_000 }, 'ms'),
    none('seen to leave', unwantedDepartures(history)),
  ]
}

const stateTypes: readonly string[] = ['media.update', 'hand.raise', 'hand.lower']
