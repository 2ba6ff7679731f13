import { comeBack, comeBackFigure } from '../coming-back.ts'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { farewellFigures } from '../farewells.ts'
import { atMost, share, type Figure } from '../figures.ts'
import { untilOneRoster } from '../one-roster.ts'
import { otherNode, roomOnOneNode } from '../places.ts'
import { redisCommand } from '../stack/redis-commands.ts'
import type { Meeting } from '../workload/crowd.ts'

const quietMs = 1_500
const rosterMs = 5_000
const patienceMs = 10_000

/** The requests to a room whose store was emptied; resolves to whether it was acknowledged. */
type Act = (scene: Scene, meeting: Meeting) => Promise<boolean>

/** The rooms take them in turn. */
const acts: readonly Act[] = [
  ({ chair }, meeting) => chair.remove(meeting, lastOf(meeting), { ban: true }),
  ({ chair }, meeting) => chair.end(meeting),
  ({ chair }, meeting) => chair.remove(meeting, lastOf(meeting)),
  ({ chair }, meeting) => chair.setRole(meeting, lastOf(meeting), 'cohost'),
  ({ chair }, meeting) => chair.change(meeting, { title: 'Another title', settings: { screenShare: false } }),
  comeElsewhere,
]

/** Redis loses everything while nobody in a room does anything; then the room is asked for something on another node. */
export const storeEmptyInQuiet: Fault = {
  id: 'T26',
  title: 'store empty under quiet rooms',
  promise: 'When Redis is emptied under a quiet room, every acknowledged command holds. Nobody is told a wrong reason.',
  size: { rooms: 24, clients: 3, chat: 0, state: 0, signals: 0, seconds: 10 },
  places: roomOnOneNode,
  async inject(scene) {
    const { cluster, crowd, wait, mark, note } = scene
    await wait(quietMs)
    await redisCommand(cluster.server('redis').url, 'FLUSHALL')
    await wait(quietMs)
    mark('asked')
    const asked = crowd.meetings.map((meeting) => actOf(meeting)(scene, meeting))
    note('acknowledged', (await Promise.all(asked)).filter(Boolean).length)
    for (const ms of await untilOneRoster(crowd.meetings, patienceMs)) note('one roster', ms)
    await wait(quietMs)
    await comeBack(scene)
  },
  figures: figuresOf,
}

const actOf = ({ room }: Meeting): Act => acts[room % acts.length] ?? comeElsewhere

function lastOf({ attendees }: Meeting): Meeting['attendees'][number] {
  const one = attendees.at(-1)
  if (one === undefined) throw new Error('there is nobody in this room')
  return one
}

/** Somebody comes in on the node that has nobody of the room. */
function comeElsewhere(scene: Scene, meeting: Meeting): Promise<boolean> {
  return scene.crowd.come(meeting, { place: otherNode(scene, meeting.room) }).then(
    () => true,
    () => false,
  )
}

function figuresOf(evidence: Evidence): Figure[] {
  const { history, noted, size } = evidence
  return [
    share('acknowledged', noted('acknowledged')[0] ?? 0, size.rooms, 100),
    atMost('one roster in each room, though nobody acts', noted('one roster'), { most: rosterMs }),
    ...farewellFigures(history),
    comeBackFigure(evidence),
  ]
}
