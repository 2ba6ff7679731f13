import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { failedSends, sightingsOf, unwantedDepartures } from '../findings.ts'
import { now } from '../history/history.ts'
import { pick } from '../random.ts'

/** How far the clock of one node is off, in seconds, and for how long: a part of the run, and at least so many ms. */
const steps = [
  { offBy: 60, part: 0.2, leastMs: 8_000 },
  // Two minutes back at once. Clients give up a socket that is silent for 20 s.
  { offBy: -60, part: 0.5, leastMs: 26_000 },
  { offBy: 0, part: 0.3, leastMs: 8_000 },
] as const
/** In each of the first steps so many go without a word, and as many come. */
const comers = 3

/** The clock of a node is set forward, then back, while people use it; some vanish meanwhile. */
export const clocks: Fault = {
  id: 'T33',
  title: 'clocks',
  promise: 'When the clock of a node is stepped, nobody is falsely seen to leave, no send is refused, no ghost stays.',
  stack: { fakeClockOf: 'signaling-2' },
  commands: 0.5,
  async inject(scene) {
    const { cluster, size, wait, mark } = scene
    for (const { offBy, part, leastMs } of steps) {
      cluster.clock?.set(offBy)
      mark(`off by ${offBy}`)
      if (offBy !== 0) await comeAndVanish(scene)
      await wait(Math.max(leastMs, size.seconds * 1_000 * part))
    }
  },
  figures: figuresOf,
}

async function comeAndVanish({ crowd, random, recorder, note }: Scene): Promise<void> {
  for (let one = 0; one < comers; one += 1) {
    const meeting = pick(random, crowd.meetings)
    const victim = pick(random, meeting?.attendees.filter(({ status }) => status === 'joined') ?? [])
    if (meeting === undefined || victim === undefined) continue
    recorder.gone.set(victim.participantId, victim.meetingId)
    recorder.left(victim.name)
    victim.vanish()
    note(`vanished ${victim.participantId}`, now())
    await crowd.come(meeting).then(
      () => note('came', 1),
      () => note('refused', 1),
    )
  }
}

function figuresOf({ history, noted }: Evidence): Figure[] {
  const staying = new Set(history.views.map(({ client }) => client))
  const lost = history.statuses.filter(({ client, state }) => state === 'reconnecting' && staying.has(client))
  const cameAt = new Map(history.stays.map(({ client, from }) => [client, from]))
  const ghosts = sightingsOf(history).flatMap(({ participantId, seenBy, leftAt }) => {
    const [vanishedAt = 0] = noted(`vanished ${participantId}`)
    if ((cameAt.get(seenBy) ?? 0) > vanishedAt) return []
    return [leftAt === null ? Infinity : leftAt - vanishedAt]
  })
  return [
    none('others seen to leave', unwantedDepartures(history)),
    none('sends that failed', failedSends(history)),
    none('sockets lost', new Set(lost.map(({ client }) => client)).size),
    single('vanished', history.gone.size, { least: 1 }),
    atMost('who vanished is seen to leave', ghosts, { most: 22_000 }),
    single('came in meanwhile', noted('came').length, { least: 1 }),
    // A node whose clock is 60 s behind takes a token of now for one of the future: 30 s are allowed.
    single('could not come in: a token may be 30 s ahead', noted('refused').length, {}),
  ]
}
