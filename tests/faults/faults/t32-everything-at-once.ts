import type { Fault, Evidence, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import { untilOneRoster } from '../one-roster.ts'
import { roundRobin } from '../places.ts'
import type { Attendee } from '../workload/attendee.ts'
import type { Meeting } from '../workload/crowd.ts'

const rightMs = 60_000
const patienceMs = 90_000
const pollMs = 500
const awayMs = 1_000

/** Power fails: every node of signaling, Redis and NATS at once. Of some meetings nobody returns, of others half. */
export const everythingAtOnce: Fault = {
  id: 'T32',
  title: 'everything at once',
  promise:
    '60 s after all of signaling, Redis and NATS start anew, every meeting is live or over, and its attendance is true.',
  size: { rooms: 8, clients: 4, chat: 0, state: 0, signals: 0, seconds: 10 },
  stack: { env: { EMPTY_END_SECONDS: '5' } },
  places: roundRobin,
  async inject(scene) {
    const { cluster, crowd, wait, note } = scene
    const before = await Promise.all(crowd.meetings.map((meeting) => untilRight(scene, meeting)))
    note('not attended at first', before.filter((ms) => ms === Infinity).length)
    const nodes = cluster.replicas('signaling')
    await Promise.all([
      ...nodes.map((node) => cluster.end(node, 'SIGKILL')),
      cluster.endServer('redis'),
      cluster.endServer('nats'),
    ])
    for (const meeting of crowd.meetings) takeAway(scene, meeting)
    await wait(awayMs)
    await Promise.all([cluster.restartServer('redis'), cluster.restartServer('nats')])
    await Promise.all(nodes.map((node) => cluster.startLike(node)))
    const returning = crowd.meetings.filter(({ attendees }) => attendees.some(isStaying))
    const [right, rosters] = await Promise.all([
      Promise.all(crowd.meetings.map((meeting) => untilRight(scene, meeting))),
      untilOneRoster(returning, patienceMs),
    ])
    for (const [index, ms] of right.entries()) note(index % 2 === 0 ? 'over' : 'attended', ms)
    for (const ms of rosters) note('one roster', ms)
  },
  figures: ({ noted }) => figuresOf(noted),
}

/** Everybody of every second room goes down with it, and half of the others. */
function takeAway({ recorder }: Scene, { room, attendees }: Meeting): void {
  for (const attendee of attendees.filter(({ seat }) => room % 2 === 0 || seat % 2 === 1)) {
    recorder.gone.set(attendee.participantId, attendee.meetingId)
    recorder.left(attendee.name)
    attendee.vanish()
  }
}

const isStaying = ({ status }: Attendee): boolean => status === 'joined' || status === 'reconnecting'

/** How long until the database has it as it is; Infinity for longer than 90 s. */
async function untilRight({ crowd, remark, wait }: Scene, meeting: Meeting): Promise<number> {
  const from = now()
  let last = 'no answer'
  while (now() < from + patienceMs) {
    const found = await crowd.host.rest.getMeeting({ params: { id: meeting.id } }).catch(() => null)
    const staying = meeting.attendees.filter(isStaying)
    if (found !== null && isRight(found, staying)) return now() - from
    if (found !== null) last = `${found.status}, ${found.participants.length} present of ${staying.length}`
    await wait(pollMs)
  }
  remark(`room ${meeting.room} was not right in the end: ${last}`)
  return Infinity
}

interface Found {
  status: string
  participants: readonly { userId: string }[]
}

function isRight({ status, participants }: Found, staying: readonly Attendee[]): boolean {
  const present = participants.map(({ userId }) => userId).toSorted()
  const expected = staying.map(({ userId }) => userId).toSorted()
  return status === (staying.length === 0 ? 'ended' : 'live') && present.join() === expected.join()
}

function figuresOf(noted: Evidence['noted']): Figure[] {
  return [
    none('meetings whose attendance was not true at first', noted('not attended at first')[0] ?? Infinity),
    atMost('nobody returns: over, and nobody present', noted('over'), { most: rightMs }),
    atMost('half return: live, and just these present', noted('attended'), { most: rightMs }),
    single('meetings to which half return', noted('one roster').length, { least: 1 }),
    atMost('half return: one roster', noted('one roster'), { most: rightMs }),
  ]
}
