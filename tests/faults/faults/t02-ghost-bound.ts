import type { Evidence, Fault } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { failedSends, sightingsOf, unwantedDepartures } from '../findings.ts'
import { oneNodeEach } from '../hints.ts'

const watchMs = 25_000

/** A node dies together with everybody on it: nobody is left who could say that they are gone. */
export const ghostBound: Fault = {
  id: 'T2',
  title: 'ghost bound',
  promise: 'A participant who dies with the node is shown as reconnecting within 8 s and has left within 20 s.',
  field: 'ghosts: LiveKit 20 s (polite stop), Centrifugo 60 s, Jitsi 60 s',
  size: { rooms: 10, clients: 10, chat: 20, state: 10, signals: 10, seconds: 35 },
  doors: 2,
  hints: oneNodeEach,
  async inject({ cluster, crowd, doors, wait, mark, recorder }) {
    const victims = crowd.attendees.filter(({ seat }) => seat % 2 === 1)
    const node = cluster.replicas('signaling')[1]
    if (node === undefined) throw new Error('there is no second signaling node')
    mark('killed')
    const dead = cluster.end(node, 'SIGKILL')
    doors[1]?.cut({ refuse: true })
    for (const victim of victims) {
      recorder.gone.set(victim.participantId, victim.meetingId)
      recorder.left(victim.name)
      victim.vanish()
    }
    await dead
    await wait(watchMs)
  },
  figures: figuresOf,
}

function figuresOf({ history, at }: Evidence): Figure[] {
  const killedAt = at('killed')[0] ?? 0
  const sightings = sightingsOf(history)
  const after = (when: number | null): number => (when === null ? Infinity : when - killedAt)
  return [
    single('gone together with the node', history.gone.size, { least: 1 }),
    atMost(
      'seen as reconnecting',
      sightings.map(({ reconnectingAt }) => after(reconnectingAt)),
      { most: 8_000 },
    ),
    atMost(
      'seen to leave',
      sightings.map(({ leftAt }) => after(leftAt)),
      { most: 20_000 },
    ),
    none('others seen to leave', unwantedDepartures(history)),
    none('sends that failed', failedSends(history)),
  ]
}
