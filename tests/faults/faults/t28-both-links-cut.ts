import { setTimeout as sleep } from 'node:timers/promises'
import { comeBack, comeBackFigure } from '../coming-back.ts'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { farewellFigures } from '../farewells.ts'
import { atMost, single, type Figure } from '../figures.ts'
import { untilOneRoster } from '../one-roster.ts'
import { roundRobin, nodeUrl } from '../places.ts'
import type { FaultProxy } from '../proxy/fault-proxy.ts'
import { between } from '../random.ts'
import type { Attendee } from '../workload/attendee.ts'
import type { Meeting } from '../workload/crowd.ts'

const rosterMs = 5_000
const patienceMs = 10_000
const leastCutMs = 900
const mostCutMs = 1_800
/** Both are back for so long when the next is banned. */
const banAfterMs = 150
/** Which of the two is back first, and by how much. */
const orders = [
  { first: 'nats', ms: 400 },
  { first: 'redis', ms: 300 },
  { first: 'nats', ms: 150 },
  { first: 'nats', ms: 600 },
  { first: 'redis', ms: 50 },
  { first: 'nats', ms: 30 },
] as const

/** One node loses NATS and Redis for a moment. On the other one people come and go and are banned. */
export const bothLinksCut: Fault = {
  id: 'T28',
  title: 'both links of a node cut',
  promise: 'A node is without NATS and Redis for 1–2 s. All is as it was 5 s later, and bans hold.',
  size: { rooms: 6, clients: 4, chat: 0, state: 0, signals: 0, seconds: 20 },
  links: [
    { who: 'signaling-2', server: 'nats' },
    { who: 'signaling-2', server: 'redis' },
  ],
  places: roundRobin,
  async inject(scene, [nats, redis]) {
    if (nats === undefined || redis === undefined) throw new Error('the links are missing')
    const rounds = orders.slice(0, Math.max(2, Math.floor(scene.size.seconds / 3)))
    for (const { first, ms } of rounds) {
      const links = first === 'nats' ? [nats, redis] : [redis, nats]
      await cutBoth(scene, links, ms)
    }
    await comeBack(scene)
  },
  figures: figuresOf,
}

async function cutBoth(scene: Scene, links: readonly FaultProxy[], apartMs: number): Promise<void> {
  const { crowd, note, random } = scene
  for (const link of links) link.cut({ refuse: true })
  const cutMs = between(random, leastCutMs, mostCutMs)
  const healed = sleep(cutMs).then(() => heal(links, apartMs))
  const newcomers = await Promise.all(crowd.meetings.map((meeting) => comeAndGo(scene, meeting)))
  await healed
  const roster = untilOneRoster(crowd.meetings, patienceMs)
  await sleep(banAfterMs)
  await Promise.all(newcomers.map(([meeting, newcomer]) => scene.chair.remove(meeting, newcomer, { ban: true })))
  for (const ms of await roster) note('one roster', ms)
  for (const ms of await untilOneRoster(crowd.meetings, patienceMs)) note('one roster', ms)
}

async function heal(links: readonly FaultProxy[], apartMs: number): Promise<void> {
  for (const link of links) {
    link.accept()
    if (link !== links.at(-1)) await sleep(apartMs)
  }
}

/** All on the node that is not cut off: one comes, one goes, one is banned, one acts. Resolves to the one who came. */
async function comeAndGo(scene: Scene, meeting: Meeting): Promise<readonly [Meeting, Attendee]> {
  const { crowd, chair, cluster } = scene
  const place = () => nodeUrl(cluster, 0)
  const [leaver, banned, newcomer] = await Promise.all([1, 2, 3].map(() => crowd.come(meeting, { place })))
  const [actor] = meeting.attendees
  if (leaver === undefined || banned === undefined || newcomer === undefined) throw new Error('nobody came')
  meeting.attendees.splice(meeting.attendees.indexOf(leaver), 1)
  await Promise.all([leaver.leave(), chair.remove(meeting, banned, { ban: true }), actor?.toggle('hand')])
  return [meeting, newcomer]
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, noted } = evidence
  const bans = history.commands.filter(({ order, outcome }) => order.kind === 'ban' && outcome.is === 'acknowledged')
  return [
    single('bans while it was cut off, and right after', bans.length, { least: 2 }),
    atMost('one roster in each room, after both links were back', noted('one roster'), { most: rosterMs }),
    ...farewellFigures(history, { mayMove: true }),
    comeBackFigure(evidence),
  ]
}
