import type { Evidence, Fault } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { comebacksOf, failedSends, sightingsOf, unwantedDepartures } from '../findings.ts'
import { untilConverged } from '../converge.ts'
import { now } from '../history/history.ts'

const leastAwayMs = 26_000

/** Half of everybody is cut off without a word: nothing arrives, nothing is closed. Later the network is back. */
export const clientsVanish: Fault = {
  id: 'T4',
  title: 'clients vanish',
  promise:
    'A client that vanishes silently has left after 22 s; when the network is back they are there again within 10 s.',
  field: 'ghosts: LiveKit 20 s (polite stop), Centrifugo 60 s, Jitsi 60 s',
  size: { rooms: 10, clients: 10, chat: 20, state: 10, signals: 10, seconds: 75 },
  doors: 2,
  async inject({ crowd, doors, recorder, wait, mark, size }) {
    const victims = crowd.attendees.filter(({ seat }) => seat % 2 === 1)
    for (const { participantId, meetingId } of victims) recorder.gone.set(participantId, meetingId)
    mark('vanished')
    const from = now()
    doors[1]?.set({ up: 'stall', down: 'stall' })
    await wait(Math.max(leastAwayMs, size.seconds * 800))
    for (const { name } of victims) recorder.cutOffs.push({ client: name, from, until: now() })
  },
  async heal(scene) {
    scene.mark('healed')
    scene.doors[1]?.set({ up: 'flow', down: 'flow' })
    scene.note('converged', await untilConverged(scene, { patienceMs: 30_000 }))
  },
  figures: figuresOf,
}

function figuresOf({ history, at, noted }: Evidence): Figure[] {
  const [vanishedAt = 0] = at('vanished')
  const [healedAt = 0] = at('healed')
  const others = new Set(history.views.map(({ client }) => client).filter((client) => /c\d*[02468]$/.test(client)))
  const sightings = sightingsOf(history).filter(({ seenBy }) => others.has(seenBy))
  const backAt = comebacksOf(history).map((one) => (one.backAt === null ? Infinity : one.backAt - healedAt))
  return [
    single('cut off', history.gone.size, { least: 1 }),
    atMost(
      'seen to leave',
      sightings.map(({ leftAt }) => (leftAt === null ? Infinity : leftAt - vanishedAt)),
      { most: 22_000 },
    ),
    atMost('back after the network was', backAt, { most: 10_000 }),
    single('all rosters equal after the network was back', noted('converged')[0] ?? Infinity, { most: 15_000 }, 'ms'),
    none('others seen to leave', unwantedDepartures(history)),
    none('sends that failed', failedSends(history)),
  ]
}
