import { comeBack, comeBackFigure } from '../coming-back.ts'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { farewellFigures } from '../farewells.ts'
import { atMost, single, type Figure } from '../figures.ts'
import { untilOneRoster } from '../one-roster.ts'
import { roundRobin, nodeUrl } from '../places.ts'
import type { Sentinel } from '../stack/sentinel.ts'
import type { Meeting } from '../workload/crowd.ts'

const rosterMs = 5_000
const patienceMs = 10_000
const promotedMs = 20_000
/** The Sentinel leaves a master that comes back alone for a while, before it makes it a copy. */
const copyMs = 60_000
const calmMs = 2_000
/** Those who were banned while Redis was away are told so by then. */
const toldMs = 5_000
const actsAfterwards = 9

/** The last writes reach the master of Redis alone; it stands still, and the replica without them is promoted. */
export const failover: Fault = {
  id: 'T27',
  title: 'Redis failed over, without the last writes',
  promise:
    '5 s after the promotion of a Redis replica that lacks the last writes, everybody has one roster. Acknowledged changes hold.',
  field: 'an outage of NATS or Redis: nobody states a figure',
  size: { rooms: 8, clients: 4, chat: 0, state: 0, signals: 0, seconds: 20 },
  stack: { args: ['--sentinel'] },
  places: roundRobin,
  async inject(scene) {
    const { cluster, crowd, mark, note, wait } = scene
    const { sentinel } = cluster
    if (sentinel === null) throw new Error('there is no Sentinel')
    await wait(calmMs)
    await sentinel.cutOffReplica()
    await Promise.all(crowd.meetings.map((meeting) => writeLast(scene, meeting)))
    await untilOneRoster(crowd.meetings, patienceMs)
    note('bytes lost', await sentinel.missing())
    await cluster.freeze(sentinel.master.pid)
    const meanwhile = Promise.all(crowd.meetings.filter(({ room }) => room % 4 === 3).map((one) => ban(scene, one)))
    await sentinel.untilPromoted(sentinel.replica, promotedMs)
    mark('promoted')
    await actAndWatch(scene)
    cluster.thaw(sentinel.master.pid)
    await meanwhile
    await wait(toldMs)
    await comeBack(scene)
    await returnTo(scene, sentinel)
  },
  figures: figuresOf,
}

/** The writes that the replica never hears of. */
async function writeLast(scene: Scene, meeting: Meeting): Promise<void> {
  const { chair, crowd, cluster } = scene
  const [, onSecond] = meeting.attendees
  await onSecond?.toggle('hand')
  if (meeting.room % 4 === 0) await ban(scene, meeting)
  if (meeting.room % 4 === 1 && onSecond !== undefined) await chair.setRole(meeting, onSecond, 'cohost')
  if (meeting.room % 4 === 2) await crowd.come(meeting, { place: () => nodeUrl(cluster, 0) })
}

async function ban({ chair }: Scene, meeting: Meeting): Promise<void> {
  const victim = meeting.attendees.at(-1)
  if (victim !== undefined) await chair.remove(meeting, victim, { ban: true })
}

/** Somebody on each node acts at once, and others after; notes how long it takes until all have one roster. */
async function actAndWatch(scene: Scene): Promise<void> {
  const { crowd, note } = scene
  const acting = crowd.meetings.map((meeting) => act(meeting, 0))
  for (const ms of await untilOneRoster(crowd.meetings, patienceMs)) note('one roster', ms)
  await Promise.all(acting)
  for (let n = 0; n < actsAfterwards; n += 1) await Promise.all(crowd.meetings.map((meeting) => act(meeting, n)))
  for (const ms of await untilOneRoster(crowd.meetings, patienceMs)) note('one roster later', ms)
}

/** Those who are in it take turns. */
async function act({ attendees }: Meeting, turn: number): Promise<void> {
  const there = attendees.filter(({ status }) => status === 'joined')
  await there[turn % Math.max(1, there.length)]?.toggle('mic')
}

/** The old master is a copy of the new one; then it takes over again, in good order. */
async function returnTo(scene: Scene, sentinel: Sentinel): Promise<void> {
  await sentinel.untilCopy(sentinel.master, copyMs)
  await sentinel.switchOver()
  await sentinel.untilPromoted(sentinel.master, promotedMs)
  await actAndWatch(scene)
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, noted, at } = evidence
  return [
    single('of changes that the promoted replica had not got', noted('bytes lost')[0] ?? 0, { least: 1 }, 'bytes'),
    atMost('one roster after a promotion', noted('one roster'), { most: rosterMs }),
    atMost('one roster after more was done on both nodes', noted('one roster later'), { most: rosterMs }),
    ...farewellFigures(history, { mayMove: true, since: at('promoted')[0] ?? 0 }),
    comeBackFigure(evidence),
  ]
}
