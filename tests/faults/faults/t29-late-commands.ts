import { randomUUID } from 'node:crypto'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { none, share, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { nodeUrl } from '../places.ts'
import type { Replica } from '../stack/replicas.ts'
import type { Attendee } from '../workload/attendee.ts'
import type { Meeting } from '../workload/crowd.ts'

const doneMs = 40_000
const afterwardsMs = 3_000
const pauseMs = 50

/** A room in a round: the host and the one whom it is about. */
interface Pair {
  meeting: Meeting
  host: Attendee
  subject: Attendee
}

/** A replica of a service stands still while it has a request. A change is asked of the service twice over. */
interface Case {
  service: 'signaling' | 'meetings' | 'chat'
  rounds: number
  /** Asks for the first state, then for the second; each until it is done. False when one never was. */
  change(scene: Scene, pair: Pair): Promise<boolean>
  /** Whether somebody has the first state. */
  isBefore(pair: Pair): boolean
}

const roles = ['cohost', 'participant'] as const
const cases: readonly Case[] = [
  { service: 'signaling', rounds: 5, change: changeRoleByRest, isBefore: isCohost },
  { service: 'meetings', rounds: 3, change: changeRoleFromInside, isBefore: isCohost },
  { service: 'chat', rounds: 3, change: editTwice, isBefore: isTextOfBefore },
]

/** A replica stands still with requests that others do in its place; when it goes on, it must not do them any more. */
export const lateCommands: Fault = {
  id: 'T29',
  title: 'late commands',
  promise: 'A process stood still with a request that was done elsewhere meanwhile. It does not do it again.',
  size: { rooms: 4, clients: 2, chat: 0, state: 0, signals: 0, seconds: 10 },
  stack: { args: ['--meetings', '2'] },
  places: (cluster) => () => nodeUrl(cluster, 1),
  async inject(scene) {
    const pairs: Pair[] = []
    for (const meeting of scene.crowd.meetings) {
      const [subject] = meeting.attendees
      const host = await scene.crowd.come(meeting, { asHost: true })
      if (subject !== undefined) pairs.push({ meeting, host, subject })
      // Not recorded, as it is not what is stored in the end.
      await subject?.sockets.ask('chat.send', { clientMessageId: randomUUID(), text: textOf(subject, 0) })
    }
    for (const one of cases)
      for (let round = 1; round <= one.rounds; round += 1) await freezeAndChange(scene, one, pairs)
  },
  figures: figuresOf,
}

async function freezeAndChange(scene: Scene, one: Case, pairs: readonly Pair[]): Promise<void> {
  const { cluster, note } = scene
  const [replica] = cluster.replicas(one.service) as [Replica?]
  if (replica === undefined) throw new Error(`there is no replica of ${one.service}`)
  await cluster.freeze(replica.pid)
  const done = await Promise.all(pairs.map((pair) => one.change(scene, pair))).finally(() => cluster.thaw(replica.pid))
  note(`${one.service}: done`, done.filter(Boolean).length)
  const late = await Promise.all(pairs.map((pair) => watch(scene, () => one.isBefore(pair))))
  note(`${one.service}: late`, late.filter(Boolean).length)
}

/** Whether it was so at any moment of a while. */
async function watch({ wait }: Scene, check: () => boolean): Promise<boolean> {
  let found = false
  for (const until = now() + afterwardsMs; now() < until; await wait(pauseMs)) found ||= check()
  return found
}

async function changeRoleByRest(scene: Scene, { meeting, subject }: Pair): Promise<boolean> {
  for (const role of roles) {
    if (!(await scene.chair.setRole(meeting, subject, role))) return false
    if (!(await untilSeen(scene, meeting, subject, role))) return false
  }
  return true
}

async function changeRoleFromInside(scene: Scene, { meeting, host, subject }: Pair): Promise<boolean> {
  for (const role of roles) {
    if (!(await scene.chair.setRoleFromInside(meeting, host, { attendee: subject, role }))) return false
    if (!(await untilSeen(scene, meeting, subject, role))) return false
  }
  return true
}

/** A guest who is made a participant is a guest again. */
async function untilSeen({ wait }: Scene, { attendees }: Meeting, subject: Attendee, role: string): Promise<boolean> {
  const isThere = () => attendees.every(({ view }) => (roleIn(view, subject) === 'cohost') === (role === 'cohost'))
  for (const until = now() + doneMs; !isThere(); await wait(pauseMs)) if (now() > until) return false
  return true
}

const roleIn = ({ members }: Attendee['view'], { participantId }: Attendee): string | undefined =>
  members.find((one) => one.participantId === participantId)?.role

function isCohost({ meeting, subject }: Pair): boolean {
  return meeting.attendees.some(({ view }) => roleIn(view, subject) === 'cohost')
}

async function editTwice(scene: Scene, { meeting, subject }: Pair): Promise<boolean> {
  const messageId = subject.view.messages.find(({ text }) => text.startsWith(textOf(subject)))?.id
  for (const n of [1, 2]) {
    const text = textOf(subject, n)
    const until = now() + doneMs
    while ((await subject.sockets.ask('chat.edit', { messageId, text }))?.type !== 'ack')
      if (now() > until) return false
    const isThere = () => meeting.attendees.every(({ view }) => view.messages.some((one) => one.text === text))
    for (; !isThere(); await scene.wait(pauseMs)) if (now() > until) return false
  }
  return true
}

const textOf = ({ participantId }: Attendee, n?: number): string => `${participantId} says ${n ?? ''}`

function isTextOfBefore({ meeting, subject }: Pair): boolean {
  const text = textOf(subject, 1)
  return meeting.attendees.some(({ view }) => view.messages.some((one) => one.text === text))
}

function figuresOf({ noted, size }: Evidence): Figure[] {
  const sum = (name: string): number => noted(name).reduce((total, one) => total + one, 0)
  return cases.flatMap(({ service, rounds }) => [
    share(`${service}: done in its place`, sum(`${service}: done`), size.rooms * rounds, 100),
    none(`${service}: changed back when it went on`, sum(`${service}: late`)),
  ])
}
