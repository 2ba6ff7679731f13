import { ProblemError } from '@parley/kit'
import type { ModelClient } from './client.ts'
import type { User } from './meetings.ts'
import type { Random } from './random.ts'
import type { ModelWorld } from './world.ts'

/** The actions of people and hosts: `random` picks who. */
export type Act = (world: ModelWorld, random: Random) => void | Promise<void>

const inside = (world: ModelWorld): ModelClient[] =>
  world.clients.filter(({ isIn, stopped }) => isIn && stopped === null)
const alive = (world: ModelWorld): ModelClient[] => world.clients.filter(({ stopped }) => stopped === null)

/** Something that a client inside does, if there is one. */
const by =
  (act: (client: ModelClient, world: ModelWorld, random: Random) => void | Promise<void>, who = inside): Act =>
  (world, random) => {
    const client = random.pick(who(world))
    if (client) return world.loop.inside(client.actor, () => void act(client, world, random))
  }

/** Something that is decided on somebody who is not the host, if there is one. */
const on =
  (decide: (user: User, world: ModelWorld, random: Random) => void): Act =>
  (world, random) => {
    const { users } = world.meetings
    const user = random.pick(
      [...users.values()].filter(({ removedSeq, role }) => role !== 'host' && removedSeq === null),
    )
    if (user) return decided(world, () => decide(user, world, random))
  }

/** By REST: it is written down at once. An action that meetings refuses does not happen. */
function decided(world: ModelWorld, decide: () => void): Promise<void> {
  return world.loop.inside(world.meetings.actor, () => {
    try {
      decide()
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
    }
  })
}

async function muteOther(client: ModelClient, world: ModelWorld, random: Random): Promise<void> {
  const target = random.pick(inside(world).filter((other) => other !== client))
  if (!target?.session) return
  const done = target.mic?.write(false, world.loop.now)
  const payload = { participantId: target.session.participantId, kind: 'mic' }
  if ((await client.act('moderation.mute', payload))?.type === 'ack') done?.(world.loop.now)
}

const moderators = (world: ModelWorld): ModelClient[] =>
  inside(world).filter(({ userId }) => ['host', 'cohost'].includes(world.meetings.users.get(userId)?.role ?? ''))

let signals = 0

async function signalOther(client: ModelClient, world: ModelWorld, random: Random): Promise<void> {
  const to = random.pick(inside(world).filter((other) => other !== client))?.session?.participantId
  if (to !== undefined) await client.act('rtc.signal', { to, data: { n: (signals += 1) } })
}

/** In the room: the host asks meetings through it. */
async function removeOther(client: ModelClient, world: ModelWorld, random: Random): Promise<void> {
  const other = random.pick(inside(world).filter((one) => one !== client))?.session
  if (other) await client.act('moderation.remove', { participantId: other.participantId, ban: random.chance(0.5) })
}

export const actions = {
  'come in': (world) => world.arrive().then(() => {}),
  mic: by((client, _world, random) => client.setMic(random.chance(0.5))),
  hand: by((client, _world, random) => client.setHand(random.chance(0.5))),
  mute: by(muteOther, moderators),
  signal: by(signalOther),
  sync: by(
    (client, _world, random) => void client.act('room.sync', { v: random.whole(0, client.session?.view.v ?? 0) }),
  ),
  leave: by((client) => client.leave()),
  'close the page': by((client) => client.vanish(false), alive),
  'lose the network for good': by((client) => client.vanish(true), alive),
  'break the socket': by((client) => client.socket?.wire.break()),
  'socket falls silent': by((client) => client.socket?.wire.fallSilent()),
  remove: on((user, { meetings }) => meetings.remove(user.id, false)),
  ban: on((user, { meetings }) => meetings.remove(user.id, true)),
  'make cohost': on((user, { meetings }) => meetings.setRole(user.id, 'cohost')),
  demote: on((user, { meetings }) => meetings.setRole(user.id, 'participant')),
  'hand over': on((user, { meetings }) => meetings.handOver(user.id)),
  settings: (world) => decided(world, () => world.meetings.change({ title: `t${world.meetings.meeting.version}` })),
  lock: (world) => decided(world, () => world.meetings.lock()),
  end: (world) => decided(world, () => world.meetings.end()),
  'remove in the room': by(removeOther, moderators),
  'end in the room': by((client) => void client.act('meeting.end', {}), moderators),
} as const satisfies Record<string, Act>
