import { setTimeout as sleep } from 'node:timers/promises'
import {
  createEdgeAuth,
  defineService,
  drainHttp,
  ProblemError,
  startHttp,
  type Deps,
  type RunningService,
} from '@parley/kit'
import manifest from '../package.json' with { type: 'json' }
import { signalingConfig, type SignalingConfig } from './config.ts'
import { createEventStreams } from './events/event-streams.ts'
import { IceServers } from './ice/ice-servers.ts'
import { TurnHolders } from './ice/turn-holders.ts'
import type { LinkHost } from './link/link.ts'
import { Links } from './link/links.ts'
import { createNode } from './node.ts'
import { showQueues } from './queues.ts'
import { StoreLife } from './room/store-life.ts'
import { createServer } from './server.ts'
import { createJournal } from './watch/journal.ts'
import { createTimeline } from './watch/timeline.ts'
import { showRooms } from './watch/rooms.ts'

/** Sessions, live rooms and fan-out; the sockets are the gateways'. */
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
  const ice = new IceServers(config, { clock, holders: new TurnHolders({ kv, log }), metrics })
  const socketsPerPerson = shareOfUser(config.MAX_SOCKETS_PER_PERSON, config.MAX_SOCKETS)
  const timeline = createTimeline({ bus, clock, log, metrics, node })
  const signaling = createNode({
    node,
    bus,
    kv,
    life,
    log,
    auth,
    ice,
    sfuFromPeople: config.SFU_FROM_PEOPLE,
    seatsPerPerson: config.MAX_SEATS_PER_PERSON,
    socketsPerPerson,
    onDelivered: (count) => delivered.inc({}, count),
    journal: createJournal({ log, metrics, timeline }),
  })
  const { connections, relays, rooms } = signaling
  const maxStreams = config.MAX_STREAMS
  const events = createEventStreams({ bus, kv, clock, log, metrics, auth, rooms, maxStreams })
  const readiness = async () => ({ bus: bus.connected(), kv: kv.connected(), auth: auth.ready() })
  const health = {
    service: 'signaling',
    version: manifest.version,
    commit: config.PARLEY_COMMIT,
    instanceId,
    readiness,
    metrics,
    kv,
  }
  let draining = false
  const maxSockets = config.MAX_SOCKETS
  const host: LinkHost = {
    ...signaling.linkHost,
    async attach(socket, asked) {
      if (draining || connections.size >= maxSockets)
        throw new ProblemError('unavailable', 'This node takes no new sockets')
      return await signaling.linkHost.attach(socket, asked)
    },
  }
  const links = new Links({ instanceId, kv, clock, log, host })
  const server = createServer({
    log,
    metrics,
    auth,
    links,
    events,
    ice,
    health,
  })
  metrics.reading('parley_signaling_links', 'Gateways with a link to this node', () => links.size)
  showRooms(metrics, { node, rooms, connections })
  showQueues(metrics, { rooms, connections, relays })

  async function drain(): Promise<void> {
    const app = await server
    app.draining = draining = true
    links.drain()
    events.drain(Math.min(drainSpreadMs, config.DRAIN_MS / 2))
  }
  return {
    readiness,
    async start() {
      await Promise.all([auth.start(), signaling.start(), links.start()])
      events.start()
      timeline.start()
      return startHttp(await server, { host: config.HOST, port: config.PORT })
    },
    drain,
    async undrain() {
      const app = await server
      app.draining = draining = false
      links.undrain()
      events.undrain()
    },
    load: () => ({ sessions: connections.size, rooms: rooms.size, streams: events.size }),
    async stop() {
      const app = await server
      const deadline = clock.monotonic() + config.DRAIN_MS
      await drain()
      while (connections.size > 0 && clock.monotonic() < deadline) await sleep(drainPollMs)
      links.stop()
      await drainHttp(app, { deadlineMs: Math.max(1_000, deadline - clock.monotonic()), log })
      for (const stopped of [events, auth]) stopped.stop()
      await signaling.stop()
      await timeline.stop()
    },
  }
}

/** As a segment of a bus subject: host names have dots. */
const nodeName = (instanceId: string): string => instanceId.replaceAll(/[^\w-]/g, '_')

/** Of few places nobody has most, but everybody has one. */
const shareOfUser = (wanted: number, total: number): number => Math.min(wanted, Math.max(1, Math.floor(total / 4)))
