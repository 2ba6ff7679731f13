import type { Bus, BusSubscription, EdgeAuth, Kv, Logger } from '@parley/kit'
import { Connections } from './clients/connections.ts'
import type { Context } from './node/context.ts'
import type { IceServers } from './ice/ice-servers.ts'
import { attach } from './clients/attach.ts'
import type { LinkHost } from './link/link.ts'
import { Relays } from './relay/relays.ts'
import { NodeLease } from './room/node-lease.ts'
import { Reaper } from './room/reaper.ts'
import { RoomRegistry } from './room/registry.ts'
import type { StoreLife } from './room/store-life.ts'
import { SfuLinks, withoutSfu, type SfuAccess } from './sfu/sfu-links.ts'
import { SenderBytes } from './node/sender-bytes.ts'
import { SocketShares } from './socket/socket-shares.ts'
import { deliver, markLost, subscribeToBus } from './subscriptions.ts'
import type { Journal } from './watch/journal.ts'

export interface NodeDeps {
  /** The name of this node, a segment of a bus subject. */
  node: string
  bus: Bus
  kv: Kv
  /** Its clock is the one of this node. */
  life: StoreLife
  log: Logger
  auth: EdgeAuth
  ice: IceServers
  seatsPerPerson: number
  /** Sockets of one person on this node. */
  socketsPerPerson: number
  /** Meetings of topology `auto` move to the SFU from so many people on; null: every meeting is a mesh. */
  sfuFromPeople: number | null
  journal: Journal
  onDelivered(count: number): void
}

export interface SignalingNode {
  readonly rooms: RoomRegistry
  readonly connections: Connections
  readonly relays: Relays
  /** The dependencies of the links to gateways. */
  readonly linkHost: LinkHost
  /** Resolves when it has tried to take its lease. */
  start(): Promise<void>
  /** Gives its lease back and lets go; its sockets are gone by then. */
  stop(): Promise<void>
}

/** A node of rooms: everything between the sockets, the bus and the store, without the HTTP server that sockets come through. */
export function createNode(deps: NodeDeps): SignalingNode {
  const { node, bus, kv, life, log, auth, ice, seatsPerPerson, onDelivered } = deps
  const shares = new SocketShares(deps.socketsPerPerson)
  const bytes = new SenderBytes()
  const { clock } = life
  const rooms = new RoomRegistry({ node, bus, kv, clock, life, log, onDelivered })
  const relays = new Relays({ node, bus, clock, log })
  const sfu = sfuOf(deps, rooms)
  const { journal } = deps
  const shared = { node, bus, kv, clock, log, auth, rooms, life, ice }
  const context: Context = { ...shared, seatsPerPerson, shares, bytes, relays, sfu, journal }
  const lease = new NodeLease(node, { kv, clock, life, log })
  const reaper = new Reaper({
    node,
    rooms,
    kv,
    life,
    log,
    isGone: (other) => lease.isGone(other),
    hadRunOut: (at) => lease.hadRunOut(at),
  })
  const connections = new Connections(context, { fence: (room) => reaper.fence(room) })
  let subscriptions: BusSubscription[] = []
  let offStatus = () => {}
  let offIncarnation = () => {}

  return {
    rooms,
    connections,
    relays,
    linkHost: {
      attach: (socket, asked) => attach(context, connections, { socket, asked }),
      receive: (connection, data, isBinary) => connections.receive(connection, data, isBinary),
      lost: (connection, code) => connections.lost(connection, code === undefined ? {} : { code }),
      monotonic: () => clock.monotonic(),
    },
    async start() {
      subscriptions = subscribeToBus(context)
      relays.start({ deliver: (relay) => deliver(context, relay), lost: (sender) => markLost(context, sender) })
      offStatus = bus.onStatus((connected) => {
        if (connected) void rooms.catchUp()
      })
      offIncarnation = kv.onIncarnation((incarnation) => {
        life.note(incarnation)
        void rooms.compareAll()
      })
      await lease.start()
      connections.start()
      rooms.chatHeads.start()
      sfu.start()
      reaper.start()
    },
    async stop() {
      await lease.stop()
      for (const stopped of [reaper, relays, sfu, rooms.chatHeads, connections, rooms]) stopped.stop()
      for (const subscription of subscriptions) subscription.unsubscribe()
      offStatus()
      offIncarnation()
    },
  }
}

const sfuOf = ({ bus, life, log, ice, sfuFromPeople }: NodeDeps, rooms: RoomRegistry): SfuAccess =>
  sfuFromPeople === null
    ? withoutSfu
    : new SfuLinks({
        bus,
        clock: life.clock,
        log,
        fromPeople: sfuFromPeople,
        rooms: () => rooms.rooms(),
        roomOf: (meetingId) => rooms.peek(meetingId),
        iceServersFor: (who) => ice.grant(who).iceServers,
      })
