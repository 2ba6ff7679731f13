import type { Clock, EdgeAuth, Logger } from '@parley/kit'
import { IceServers } from '../../ice/ice-servers.ts'
import { TurnHolders } from '../../ice/turn-holders.ts'
import { createNode, type SignalingNode } from '../../node.ts'
import { StoreLife } from '../../room/store-life.ts'
import { newActor, type Actor } from './loop.ts'
import { BusLink } from './net.ts'
import type { Wire } from './sockets.ts'
import { kvOver, StoreLink } from './store-link.ts'
import { epochMs } from './virtual-time.ts'
import type { ModelWorld } from './world.ts'

/** Sign-in is not what is explored: tokens are good, and nobody is signed out. */
const auth = {
  revocations: { onRevoked: () => () => {}, isRevoked: () => false },
  ready: () => true,
} as unknown as EdgeAuth

const noIce = { ICE_SERVER_URLS: [], TURN_URLS: [], TURN_TTL_SECONDS: 3600 }

/** A real signaling node on the modelled store and bus, with a clock of its own. */
export class ModelNode {
  readonly actor: Actor
  readonly store: StoreLink
  readonly bus: BusLink
  readonly signaling: SignalingNode
  readonly wires = new Set<Wire>()
  /** How far its wall clock is off, ms. */
  clockOff = 0

  constructor(world: ModelWorld, name: string) {
    this.actor = newActor(name)
    this.store = new StoreLink(world, this.actor)
    this.bus = new BusLink(world.net, this.actor)
    const { loop } = world
    const clock: Clock = { now: () => epochMs + Math.floor(loop.now) + this.clockOff, monotonic: () => loop.now }
    const log = logOf(world, name)
    const kv = kvOver(this.store)
    const ice = new IceServers(noIce as unknown as ConstructorParameters<typeof IceServers>[0], {
      clock,
      holders: new TurnHolders({ kv, log }),
    })
    this.signaling = createNode({
      node: name,
      bus: this.bus,
      kv,
      life: new StoreLife({ kv, clock }),
      log,
      auth,
      ice,
      seatsPerPerson: 3,
      socketsPerPerson: 1_000,
      sfuFromPeople: null,
      onDelivered() {},
      journal: { opened() {}, answered() {}, closed() {}, recorded() {}, relayed() {} },
    })
  }

  get name(): string {
    return this.actor.name
  }

  get isRunning(): boolean {
    return this.actor.state === 'running'
  }

  /** It is gone at once, as with SIGKILL. */
  kill(): void {
    this.actor.state = 'dead'
    this.bus.up = false
    for (const wire of this.wires) wire.cutByDeath()
  }
}

/** The logs of nodes are a part of a traced schedule. */
function logOf(world: ModelWorld, name: string): Logger {
  const note = (fields: { err?: { code?: string; message?: string; stack?: string } }, text: string) =>
    world.note(`${name}: ${text}${fields.err ? ` (${fields.err.code ?? fields.err.stack ?? fields.err.message})` : ''}`)
  const error = (fields: { err?: { code?: string; message?: string; stack?: string } }, text: string) => {
    note(fields, text)
    world.fault('internal-error', `${name}: ${text} ${fields.err?.stack ?? fields.err?.message ?? ''}`)
  }
  return { debug() {}, trace() {}, info: note, warn: note, error, fatal: error } as unknown as Logger
}
