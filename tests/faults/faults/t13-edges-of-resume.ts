import type { Evidence, Fault, Scene } from '../fault.ts'
import { none, single, type Figure } from '../figures.ts'
import { now, type Person } from '../history/history.ts'
import type { Frame } from '../history/recorder.ts'
import type { Meeting } from '../workload/crowd.ts'
import { Wanderer } from '../workload/wanderer.ts'

/** Seconds away, whether the others see it, whether the session is still there, and what else happens meanwhile. */
interface Case {
  name: string
  awayMs: number
  seen: boolean
  resumes: boolean
  meanwhile?: (scene: Scene, meeting: Meeting) => Promise<void>
}

const changes = 5_000
/** Below what one client may send in a second. */
const pauseMs = 60
const cases: readonly Case[] = [
  { name: '9 s', awayMs: 9_000, seen: false, resumes: true },
  { name: '11.5 s', awayMs: 11_500, seen: true, resumes: true },
  { name: '119 s, 5,000 changes', awayMs: 119_000, seen: true, resumes: true, meanwhile: changeALot },
  { name: '125 s', awayMs: 125_000, seen: true, resumes: false },
  { name: '6 s, Redis empty', awayMs: 6_000, seen: false, resumes: true, meanwhile: loseRedis },
]

/** Sessions are resumed just inside and just outside of the grace and of the window in which they can be. */
export const edgesOfResume: Fault = {
  id: 'T13',
  title: 'edges of resume',
  promise:
    'Within 10 s nobody sees that one was away; within 120 s one comes back as the same; and has missed nothing.',
  field: 'resume: Ably, Socket.IO 2 min (same node or a store), spreed 30 s and Mattermost 128 events (same node)',
  size: { rooms: cases.length, clients: 4, chat: 0, state: 0, signals: 0, seconds: 5 },
  async inject(scene) {
    // The case without Redis disturbs everybody: after all others.
    const [last, ...others] = cases.toReversed()
    const { meetings } = scene.crowd
    await Promise.all(others.map((one, index) => goAway(scene, one, meetings[index])))
    if (last !== undefined) await goAway(scene, last, meetings.at(-1))
  },
  figures: figuresOf,
}

async function goAway(scene: Scene, one: Case, meeting: Meeting | undefined): Promise<void> {
  const [guide] = meeting?.attendees ?? []
  if (meeting === undefined || guide === undefined) throw new Error('there is no room for this case')
  const { recorder, wait, note } = scene
  const wanderer = await Wanderer.join(await guide.sibling('wanderer'), scene.doors[0]?.url ?? '', meeting)
  recorder.gone.set(wanderer.id, meeting.id)
  await wait(500)
  wanderer.vanish()
  const from = now()
  const busy = one.meanwhile?.(scene, meeting)
  await wait(one.awayMs - (now() - from))
  const answer = await wanderer.resume()
  note(`${one.name}: resumed`, answer.type === 'room.resumed' ? 1 : 0)
  note(`${one.name}: told to join anew`, asksToRejoin(answer) ? 1 : 0)
  await busy
  await wait(500)
  const left = recorder.departures.filter(
    ({ participantId, seenBy }) => participantId === wanderer.id && seenBy === guide.name,
  )
  note(`${one.name}: seen to leave`, left.length)
  if (answer.type === 'room.resumed')
    note(`${one.name}: differences`, differencesOf(wanderer.people, guide.view.people))
  wanderer.vanish()
}

const asksToRejoin = ({ type, payload }: Frame): boolean =>
  type === 'error' && payload?.['code'] === 'resume-failed' && payload['next'] === 'rejoin'

/** How many people differ between one who came back and one who was there all the time. */
function differencesOf(mine: readonly Person[], others: readonly Person[]): number {
  const keys = (people: readonly Person[]) => people.map((person) => JSON.stringify(person))
  const [ours, theirs] = [new Set(keys(mine)), new Set(keys(others))]
  return [...ours, ...theirs].filter((key) => !ours.has(key) || !theirs.has(key)).length
}

async function changeALot({ note, wait }: Scene, { attendees }: Meeting): Promise<void> {
  let made = 0
  const work = attendees.map(async (attendee) => {
    while (made < changes) {
      if (await attendee.toggle('mic')) made += 1
      await wait(pauseMs)
    }
  })
  await Promise.all(work)
  note('changes', made)
}

async function loseRedis({ cluster, wait }: Scene): Promise<void> {
  await wait(1_000)
  await cluster.endServer('redis')
  await cluster.restartServer('redis')
}

function figuresOf({ noted }: Evidence): Figure[] {
  const of = (name: string): number => noted(name)[0] ?? Number.NaN
  return [
    ...cases.flatMap(({ name, seen, resumes }) => {
      const expected = (yes: boolean) => (yes ? { least: 1, most: 1 } : { most: 0 })
      return [
        single(`away ${name}: resumed`, of(`${name}: resumed`), expected(resumes)),
        single(`away ${name}: told to join anew`, of(`${name}: told to join anew`), expected(!resumes)),
        single(`away ${name}: seen to leave`, of(`${name}: seen to leave`), expected(seen)),
        ...(resumes ? [none(`away ${name}: differences from one who was there`, of(`${name}: differences`))] : []),
      ]
    }),
    single('changes meanwhile', of('changes'), { least: changes }),
  ]
}
