import type { Act } from './actions.ts'
import type { ModelNode } from './nodes.ts'
import type { Random } from './random.ts'
import type { ModelWorld } from './world.ts'

/** Most are short; some are longer than a lease, or a grace. */
const duration = (random: Random): number =>
  random.chance(0.7) ? random.between(20, 2_500) : random.between(2_500, 9_000)

const running = (world: ModelWorld): ModelNode[] => world.nodes.filter(({ isRunning }) => isRunning)

/** A fault of one node, if there is one that runs. */
const toNode =
  (act: (node: ModelNode, world: ModelWorld, random: Random) => void): Act =>
  (world, random) => {
    const node = random.pick(running(world))
    if (!node) return
    const now = (): void => {
      world.note(`  to ${node.name}`)
      act(node, world, random)
    }
    // Halfway through a commit is the worst moment.
    if (random.chance(0.5)) node.store.moment = { when: random.chance(0.5) ? 'sent' : 'carried-out', act: now }
    else now()
  }

const trouble = (world: ModelWorld, forMs: number): void => {
  const from = world.loop.now
  world.troubles.push({ from, to: from + forMs })
}

function freeze(node: ModelNode, world: ModelWorld, random: Random): void {
  const forMs = duration(random)
  trouble(world, forMs)
  node.actor.state = 'frozen'
  world.loop.after(forMs, null, () => world.loop.thaw(node.actor))
}

function kill(node: ModelNode, world: ModelWorld): void {
  trouble(world, Infinity)
  node.kill()
}

/** Another process takes the place of one that was killed. */
function startLater(world: ModelWorld, random: Random): void {
  world.loop.after(random.between(50, 4_000), null, () => world.wantedNodes.push(1))
}

function cutBus(node: ModelNode, world: ModelWorld, random: Random, forMs = duration(random)): void {
  trouble(world, forMs)
  node.bus.cut(random.between(0, 1_500))
  world.loop.after(forMs, null, () => node.bus.heal())
}

function cutStore(node: ModelNode, world: ModelWorld, random: Random, forMs = duration(random)): void {
  trouble(world, forMs)
  node.store.cut(random.chance(0.4))
  world.loop.after(forMs, null, () => node.store.heal())
}

/** All links to the store break and come back, for it is another process. */
function reconnectAll(world: ModelWorld, random: Random): void {
  for (const { store } of [...running(world), world.meetings]) {
    store.cut(false)
    world.loop.after(random.between(10, 1_500), null, () => store.heal())
  }
}

function killAll(world: ModelWorld, random: Random, empty: boolean): void {
  for (const node of running(world)) {
    kill(node, world)
    startLater(world, random)
  }
  if (empty) world.store.empty()
}

export const faults = {
  'freeze a node': toNode(freeze),
  'kill a node': toNode((node, world, random) => {
    kill(node, world)
    startLater(world, random)
  }),
  'kill all nodes': (world, random) => killAll(world, random, false),
  'lose all live state': (world, random) => killAll(world, random, true),
  'cut a node from the bus': toNode(cutBus),
  'cut a node from the store': toNode(cutStore),
  'cut both links of a node': toNode((node, world, random) => {
    const forMs = random.between(300, 3_000)
    cutBus(node, world, random, forMs + random.between(0, 900))
    cutStore(node, world, random, forMs + random.between(0, 900))
  }),
  'freeze the store': (world, random) => void (world.frozenUntil = world.loop.now + random.between(50, 4_000)),
  'freeze the bus': (world, random) => {
    world.net.frozenUntil = world.loop.now + random.between(50, 3_000)
    world.deafness.push({ from: world.loop.now, to: world.net.frozenUntil })
  },
  'empty the store': (world) => world.store.empty(),
  'the store restarts empty': (world, random) => {
    world.store.empty()
    reconnectAll(world, random)
  },
  'roll the store back': (world, random) => world.store.rollBack(random.whole(1, 4), false),
  'fail over to a replica behind': (world, random) => {
    world.store.rollBack(random.whole(0, 4), true)
    reconnectAll(world, random)
  },
  'evict the index of changes': (world) => void (world.store.indexGone = true),
  'an empty room runs out': (world) => world.store.runOut(world.meetings.meeting.id),
  'lose answers of the store': toNode((node, _world, random) => void (node.store.loseAnswers = random.whole(1, 3))),
  'step a clock': toNode(
    (node, _world, random) => void (node.clockOff += random.pick([-60_000, -8_000, 8_000, 60_000]) ?? 0),
  ),
  'cut meetings from the bus': (world, random) => {
    world.meetings.bus.cut(random.between(0, 500))
    world.loop.after(duration(random), null, () => world.meetings.bus.heal())
  },
  'a relay stands still': (world, random) => {
    const [told] = world.meetings.outbox.waiting
    const { actor } = world.meetings
    if (told) world.loop.after(random.between(100, 8_000), actor, () => world.meetings.tellLate(told))
  },
} as const satisfies Record<string, Act>
