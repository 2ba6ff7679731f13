import { setTimeout as sleep } from 'node:timers/promises'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { farewellFigures } from '../farewells.ts'
import { none, share, single, type Figure } from '../figures.ts'
import { nodeUrl } from '../places.ts'
import type { Attendee } from '../workload/attendee.ts'
import type { Meeting } from '../workload/crowd.ts'

const actEveryMs = 60
const frozenMs = 4_000
const busyMs = 1_000
const afterwardsMs = 6_000
/** The host is on the first node, everybody else on the second. */
const [hostNode, peopleNode] = [0, 1]

/** A meeting is ended on one node while its people on another one act; once with their node frozen meanwhile. */
export const endUnderLoad: Fault = {
  id: 'T30',
  title: 'end under load',
  promise: 'When a meeting ends, everybody is told that it ended, whatever they or their node do at that moment.',
  size: { rooms: 16, clients: 4, chat: 0, state: 0, signals: 0, seconds: 10 },
  places: (cluster) => () => nodeUrl(cluster, peopleNode),
  async inject(scene) {
    const { cluster, crowd } = scene
    const node = cluster.replicas('signaling')[peopleNode]
    if (node === undefined) throw new Error('there is no second signaling node')
    const place = () => nodeUrl(cluster, hostNode)
    const hosts = new Map<Meeting, Attendee>()
    for (const meeting of crowd.meetings) hosts.set(meeting, await crowd.come(meeting, { asHost: true, place }))
    await endAll(
      scene,
      [...hosts].filter(([{ room }]) => room % 2 === 0),
    )
    await endAll(
      scene,
      [...hosts].filter(([{ room }]) => room % 2 === 1),
      () => freezeFor(scene, node.pid),
    )
  },
  figures: figuresOf,
}

type Hosted = readonly [Meeting, Attendee]

/** Resolves when it stands still, to when it goes on. */
async function freezeFor({ cluster }: Scene, pid: number): Promise<{ over: Promise<void> }> {
  await cluster.freeze(pid)
  return { over: sleep(frozenMs).then(() => cluster.thaw(pid)) }
}

async function endAll(
  { chair, note }: Scene,
  all: readonly Hosted[],
  freeze?: () => Promise<{ over: Promise<void> }>,
): Promise<void> {
  const over = new AbortController()
  const people = all.flatMap(([{ attendees }, host]) => attendees.filter((one) => one !== host))
  const acting = people.map((attendee) => act(attendee, over.signal))
  await sleep(busyMs)
  const frozen = await freeze?.()
  const done = await Promise.all(all.map(([meeting, host]) => chair.endFromInside(meeting, host)))
  note('ended', done.filter(Boolean).length)
  await frozen?.over
  await Promise.race([Promise.all(acting), sleep(afterwardsMs)])
  over.abort()
  for (const count of await Promise.all(acting)) note('acts', count)
}

/** Acts until they are out, or it is over; resolves to how often that was acknowledged. */
async function act(attendee: Attendee, over: AbortSignal): Promise<number> {
  let count = 0
  while (!over.aborted && (attendee.status === 'joined' || attendee.status === 'reconnecting')) {
    if (await attendee.toggle('mic')) count += 1
    await sleep(actEveryMs)
  }
  return count
}

function figuresOf({ history, noted, size }: Evidence): Figure[] {
  const kicked = history.farewells.filter(({ type }) => type === 'room.kicked').length
  const removed = history.closings.filter(({ code }) => code === 4403).length
  return [
    share('meetings ended, half of them with the node of their people frozen', sum(noted('ended')), size.rooms, 100),
    single('acts of their people meanwhile', sum(noted('acts')), { least: size.rooms * size.clients }),
    none('told that they were removed, or closed with 4403', kicked + removed),
    ...farewellFigures(history),
  ]
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0)
