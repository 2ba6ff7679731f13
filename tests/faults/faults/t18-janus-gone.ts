import type { Sfu } from '@parley/contracts'
import { anAccount, createMeeting } from '../../support/accounts.ts'
import { takeSeat, type Seated } from '../../support/protocol-socket.ts'
import { sfuOf } from '../../support/sfu.ts'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { now } from '../history/history.ts'
import type { JanusProcess } from '../stack/cluster.ts'
import { janusEnv, roomsAt } from '../stack/janus-rooms.ts'

const rooms = 10
const offeredMs = 10_000
const sweptMs = 60_000
const pollMs = 50

interface Room {
  people: Seated[]
  /** As its people were told last. */
  sfu: Sfu
}

/** Of three Janus one stands still and one is killed, at once; the third has to take the rooms of both. */
export const janusGone: Fault = {
  id: 'T18',
  title: 'one Janus frozen, another one killed',
  promise:
    'The rooms of a lost Janus are offered elsewhere within 10 s. Nobody leaves the roster, and no room is left over.',
  stack: { args: ['--janus', '3', '--media', '2'], env: janusEnv },
  size: { rooms, clients: 2, chat: 0, state: 0, signals: 0, seconds: 10 },
  underLoad: false,
  async inject(scene) {
    const all = await gatherRooms(scene)
    const [frozen, killed, well] = scene.cluster.janus()
    if (frozen === undefined || killed === undefined || well === undefined) throw new Error('there are three Janus')
    const lost = { frozen: roomsOf(all, frozen), killed: roomsOf(all, killed) }
    scene.note(
      'rooms of the fullest Janus',
      Math.max(lost.frozen.length, lost.killed.length, roomsOf(all, well).length),
    )
    await scene.cluster.freeze(frozen.pid)
    process.kill(killed.pid, 'SIGKILL')
    await Promise.all([follow(scene, lost.frozen, well, 'frozen'), follow(scene, lost.killed, well, 'killed')])
    scene.cluster.thaw(frozen.pid)
    await sweep(scene, all, frozen)
    await sweep(scene, all, well)
    scene.note('people who were said to leave', all.flatMap(({ people }) => people).filter(sawSomebodyLeave).length)
    for (const { people } of all) for (const { socket } of people) socket.drop()
  },
  figures: ({ noted }) => figuresOf(noted),
}

async function gatherRooms({ cluster }: Scene): Promise<Room[]> {
  const url = cluster.replicas('gateway')[0]?.url ?? ''
  const all: Room[] = []
  for (let index = 0; index < rooms; index += 1) {
    const owner = await anAccount(url, `Host ${index}`)
    const meeting = await createMeeting(url, owner, { settings: { topology: 'sfu', waitingRoom: false } })
    const people = [await takeSeat(url, owner, meeting), await takeSeat(url, await anAccount(url, 'Ben'), meeting)]
    const [sfu] = people.flatMap((one) => sfuOf(one) ?? [])
    if (sfu === undefined) throw new Error('the meeting has no room in the SFU')
    const room = { people, sfu }
    for (const { socket } of people) socket.on('sfu.changed', ({ sfu: changed }) => (room.sfu = changed as Sfu))
    all.push(room)
  }
  return all
}

const isAt = ({ sfu }: Room, { id }: JanusProcess): boolean => new URL(sfu.url).pathname.endsWith(`/${id}`)
const roomsOf = (all: readonly Room[], janus: JanusProcess): Room[] => all.filter((room) => isAt(room, janus))

/** Notes how long it takes until the people of each room are told of the Janus that is well: the other one is no way out. */
async function follow({ note, wait }: Scene, lost: readonly Room[], well: JanusProcess, how: string): Promise<void> {
  const from = now()
  const waiting = new Set(lost)
  note(`rooms of the ${how}`, waiting.size)
  while (waiting.size > 0 && now() - from < 2 * offeredMs) {
    for (const room of waiting)
      if (isAt(room, well)) {
        waiting.delete(room)
        note(`offered again, ${how}`, now() - from)
      }
    await wait(pollMs)
  }
  for (const _room of waiting) note(`offered again, ${how}`, Infinity)
}

/** Notes how long it takes until a Janus has the rooms that it should have, and no others. */
async function sweep({ note, wait }: Scene, all: readonly Room[], janus: JanusProcess): Promise<void> {
  const from = now()
  while (now() - from < sweptMs + offeredMs) {
    const there = await roomsAt(janus.url).catch(() => null)
    const wanted = new Set(roomsOf(all, janus).map(({ sfu }) => sfu.room))
    if (there?.length === wanted.size && there.every((room) => wanted.has(room))) return note('swept', now() - from)
    await wait(500)
  }
  note('swept', Infinity)
}

const sawSomebodyLeave = ({ socket }: Seated): boolean => socket.all.some(({ type }) => type === 'participant.left')

function figuresOf(noted: Evidence['noted']): Figure[] {
  return [
    single('rooms of the fullest Janus before', noted('rooms of the fullest Janus')[0] ?? 0, { most: rooms / 2 }),
    atMost('frozen: until its rooms are offered again', noted('offered again, frozen'), { most: offeredMs }),
    atMost('killed: until its rooms are offered again', noted('offered again, killed'), { most: offeredMs }),
    atMost('until no room is left over', noted('swept'), { most: sweptMs }),
    none('people who saw somebody leave', noted('people who were said to leave')[0] ?? Number.NaN),
  ]
}
