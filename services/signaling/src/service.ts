import { setTimeout as sleep } from 'node:timers/promises'
import {
  createEdgeAuth,
  defineService,
  drainHttp,
  startHttp,
  type BusSubscription,
  type Deps,
  type RunningService,
} from '@parley/kit'
import manifest from '../package.json' with { type: 'json' }
import { signalingConfig, type SignalingConfig } from './config.ts'
import { Connections } from './connections.ts'
import type { Context } from './context.ts'
import { createEventStreams } from './events/event-streams.ts'
import { IceServers } from './ice/ice-servers.ts'
import { showQueues } from './queues.ts'
import { Relays } from './relay/relays.ts'
import { NodeLease } from './room/node-lease.ts'
import { Reaper } from './room/reaper.ts'
import { RoomRegistry } from './room/registry.ts'
import { StoreLife } from './room/store-life.ts'
import { createServer } from './server.ts'
import { deliver, markLost, subscribe } from './subscriptions.ts'

/** Sockets, live rooms and fan-out. */
export const signalingService = defineService({ name: 'signaling', config: signalingConfig, echo: false, create })

const drainSpreadMs = 5_000
const drainPollMs = 50

function create(deps: Deps<SignalingConfig, never>): RunningService {
  const { bus, config, instanceId, kv, log, metrics } = deps
  const life = new StoreLife({ kv, clock: deps.clock })
  const { clock } = life
  const node = nodeName(instanceId)
  const auth = createEdgeAuth({ bus, log, clock })
  const delivered = metrics.counter('parley_signaling_deliveries_total', 'Broadcast messages handed to sockets')
  const rooms = new RoomRegistry({ node, bus, kv, clock, life, log, onDelivered: (count) => delivered.inc({}, count) })
  const ice = new IceServers(config, clock)
  const relays = new Relays({ node, bus, clock, log })
  const context: Context = { node, bus, kv, clock, log, auth, rooms, life, ice, relays }
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
  const maxStreams = config.MAX_STREAMS
  const events = createEventStreams({ bus, kv, clock, log, metrics, auth, rooms, maxStreams })
  const readiness = async () => ({ bus: bus.connected(), kv: kv.connected(), auth: auth.ready() })
  const health = { service: 'signaling', version: manifest.version, instanceId, readiness, metrics, kv }
  const server = createServer({
    log,
    metrics,
    auth,
    connections,
    events,
    maxSockets: config.MAX_SOCKETS,
    ice,
    health,
  })
  let subscriptions: BusSubscription[] = []
  let offStatus = () => {}
  let offIncarnation = () => {}

  metrics.reading('parley_signaling_sockets', 'Open WebSockets', () => connections.size)
  metrics.reading('parley_signaling_rooms', 'Rooms in memory', () => rooms.size)
  showQueues(metrics, { rooms, connections, relays })

  return {
    readiness,
    async start() {
      subscriptions = subscribe(context)
      relays.start({ deliver: (relay) => deliver(context, relay), lost: (sender) => markLost(context, sender) })
      offStatus = bus.onStatus((connected) => {
        if (connected) void rooms.catchUp()
      })
      offIncarnation = kv.onIncarnation((incarnation) => {
        life.note(incarnation)
        void rooms.compareAll()
      })
      await Promise.all([auth.start(), lease.start()])
      connections.start()
      events.start()
      rooms.chatHeads.start()
      reaper.start()
      return startHttp(await server, { host: config.HOST, port: config.PORT })
    },
    async stop() {
      const app = await server
      app.draining = true
      const deadline = clock.monotonic() + config.DRAIN_MS
      const spreadMs = Math.min(drainSpreadMs, config.DRAIN_MS / 2)
      connections.drain(spreadMs)
      events.drain(spreadMs)
      while (connections.size > 0 && clock.monotonic() < deadline) await sleep(drainPollMs)
      connections.closeAll()
      await drainHttp(app, { deadlineMs: Math.max(1_000, deadline - clock.monotonic()), log })
      await lease.stop()
      for (const stopped of [events, reaper, relays, rooms.chatHeads, connections, auth, rooms]) stopped.stop()
      for (const subscription of subscriptions) subscription.unsubscribe()
      offStatus()
      offIncarnation()
    },
  }
}

/** As a segment of a bus subject: host names have dots. */
const nodeName = (instanceId: string): string => instanceId.replaceAll(/[^\w-]/g, '_')
