import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, share, single, type Figure } from '../figures.ts'
import { comebacksOf, durationsOf, failedSends, unwantedDepartures } from '../findings.ts'

const watchMs = 20_000

/** Every connection is reset in the same moment, as when a router restarts. */
export const reconnectStorm: Fault = {
  id: 'T15',
  title: 'reconnect storm',
  promise: 'When 2,000 people lose their connection at once, all of them are back in the same session within 15 s.',
  size: { rooms: 100, clients: 20, chat: 20, state: 10, signals: 0, seconds: 30 },
  // Sessions of two thousand people are memory, and were not there when the processes were first looked at.
  growthMib: 600,
  async inject(scene) {
    const { doors, wait, mark } = scene
    // Reading it begins it anew.
    await eventLoopMs(scene)
    mark('reset')
    for (const door of doors) door.cut()
    await wait(watchMs)
    mark('watched')
    for (const ms of await eventLoopMs(scene)) scene.note('loop', ms)
  },
  figures: figuresOf,
}

/** Event-loop delay of each node and gateway as its metrics tell it, p99 since it was last read, in milliseconds. */
async function eventLoopMs({ cluster }: Scene): Promise<number[]> {
  const edge = [...cluster.replicas('signaling'), ...cluster.replicas('gateway')]
  const texts = await Promise.all(edge.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
  return texts.flatMap((text) => {
    const seconds = /^nodejs_eventloop_lag_p99_seconds(?:\{[^}]*\})? ([\d.e+-]+)/m.exec(text)?.[1]
    return seconds === undefined ? [] : [Number(seconds) * 1_000]
  })
}

function figuresOf({ history, at, noted, size }: Evidence): Figure[] {
  const [reset = 0] = at('reset')
  const [watched = 0] = at('watched')
  const comebacks = comebacksOf(history).filter(({ lostAt }) => lostAt >= reset)
  const upgrades = history.http.filter(
    ({ route, at: when }) => route === 'WebSocket' && when >= reset && when <= watched,
  )
  const refused = upgrades.filter(({ status }) => status === 503).length
  const resumed = comebacks.filter(({ how }) => how === 'resumed').length
  return [
    single('clients that lost their connection', comebacks.length, { least: size.rooms * size.clients }),
    atMost('back in the room', durationsOf(comebacks), { most: 15_000 }),
    share('resumed', resumed, comebacks.length, 100),
    single('of them first refused with 503', (refused / Math.max(1, comebacks.length)) * 100, { most: 1 }, '%'),
    atMost('event-loop delay p99 of nodes and gateways', noted('loop'), { most: 250, mayBeNone: true }),
    none('sends that failed', failedSends(history)),
    none('seen to leave', unwantedDepartures(history)),
  ]
}
