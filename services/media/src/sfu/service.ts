import { mediaBus, type sfuOperations } from '@parley/contracts'
import {
  respond,
  checkIceConfig,
  iceServersFor,
  ProblemError,
  publicBase,
  type Bus,
  type BusSubscription,
  type Clock,
  type Handlers,
  type Kv,
  type Logger,
  type Metrics,
} from '@parley/kit'
import type { MediaConfig } from '../config.ts'
import { createJanusAdmin } from '../janus/admin.ts'
import { createCpuReader } from '../janus/cpu.ts'
import { JanusLink } from '../janus/janus-link.ts'
import { readSecrets, readServers, type JanusSecrets } from '../janus/servers.ts'
import { createVideoRooms, type RoomLimits } from '../janus/video-room.ts'
import { accessOrThrow, freeFeedOrThrow, lookAtPlaces } from './access.ts'
import { grantSfu } from './grants.ts'
import { JanusKeeper } from './janus-keeper.ts'
import { limitsOf } from './limits.ts'
import { measureJanus } from './measures.ts'
import { createRosters, type Rosters, type Shown } from './rosters.ts'
import { findRooms, type OpenRoom, type SfuDb } from './rooms-store.ts'
import { addServers, areKnown } from './servers-store.ts'
import { steerJanus } from './steer-janus.ts'
import { createSfuRooms, type JanusConnection, type SfuRooms } from './sfu-rooms.ts'

export interface SfuDeps {
  config: MediaConfig
  bus: Bus
  kv: Kv
  clock: Clock
  db: SfuDb
  log: Logger
  metrics: Metrics
  instanceId: string
}

/** The SFU of the media service: rooms of meetings at Janus, who may reach them, and what they forward. */
export interface SfuService {
  handlers: Handlers<typeof sfuOperations>
  /** For recordings: where the rooms are, and each Janus as this replica reaches it. */
  rooms: SfuRooms
  connections: ReadonlyMap<string, JanusConnection>
  /** Whether it is known how each Janus is: until then no meeting gets a room. Empty without any. */
  readiness(): Promise<Record<string, boolean>>
  /** Reaches each Janus, as requests need it. */
  start(): Promise<void>
  /** Keeps them, and answers other services. */
  work(): Promise<void>
  rest(): Promise<void>
  stop(): void
}

const adminAnswerMs = 1_500

/** @throws ConfigError when Janus are set without their secrets */
export function createSfu(deps: SfuDeps): SfuService {
  const { config, bus, clock, db, log, metrics } = deps
  checkIceConfig(config)
  const secrets = readSecrets(config)
  const keepers = new Map<string, JanusKeeper>()
  const connections = secrets === null ? new Map<string, JanusConnection>() : connectAll(deps, secrets, keepers)
  const draining = new Set(config.JANUS_DRAINING)
  const limits = limitsOf(config)
  const rooms = createSfuRooms({ db, bus, log, connections, draining, limits })
  const rosters = createRosters({ bus, clock })
  for (const { id, ...reached } of secrets === null ? [] : adminsOf(deps, secrets, connections)) {
    const common = { db, bus, clock, log, ...reached, rooms, rosters, limits, tokenSecret: secrets?.tokenSecret ?? '' }
    keepers.set(id, new JanusKeeper({ ...common, holder: deps.instanceId, draining: draining.has(id) }))
  }
  measureJanus(metrics, { connections, keepers })
  const parts = { ...deps, rooms, rosters, connections, limits, tokenSecret: secrets?.tokenSecret ?? '' }
  const steering = [...connections.values()].map((janus) => steerJanus(deps, janus))
  let subscriptions: BusSubscription[] = []
  return {
    handlers: sfuHandlers(parts),
    rooms,
    connections,
    readiness: async () =>
      connections.size === 0 ? {} : { janus: await areKnown(db, [...connections.keys()]).catch(() => false) },
    async start() {
      await Promise.all([...connections.values()].map(({ link }) => link.start()))
    },
    async work() {
      subscriptions = subscribeToBus(parts)
      await addServers(db, [...connections.keys()]).catch((err: unknown) =>
        log.warn({ err }, 'the Janus servers could not be stored'),
      )
      for (const started of [...keepers.values(), ...steering]) void started.start()
    },
    async rest() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      for (const one of steering) one.stop()
      await Promise.all([...keepers.values()].map((keeper) => keeper.stop()))
    },
    stop() {
      for (const { link } of connections.values()) link.stop()
    },
  }
}

function connectAll({ clock, config, log }: SfuDeps, secrets: JanusSecrets, keepers: ReadonlyMap<string, JanusKeeper>) {
  const connections = new Map<string, JanusConnection>()
  for (const server of readServers(config.JANUS_SERVERS)) {
    const { id, url } = server
    const link = new JanusLink({ server, secrets, clock, log, onUp: () => keepers.get(id)?.lostPlaces() })
    connections.set(id, { id, url, link, rooms: createVideoRooms(link, secrets) })
  }
  return connections
}

const adminsOf = (
  { config, clock }: SfuDeps,
  { adminSecret }: JanusSecrets,
  connections: ReadonlyMap<string, JanusConnection>,
) =>
  readServers(config.JANUS_SERVERS).flatMap((server) => {
    const janus = connections.get(server.id)
    const admin = createJanusAdmin(server, { adminSecret, answerMs: adminAnswerMs })
    return janus === undefined ? [] : [{ id: server.id, janus, admin, cpu: createCpuReader(server, clock) }]
  })

interface SfuComponents extends SfuDeps {
  rooms: SfuRooms
  rosters: Rosters
  connections: ReadonlyMap<string, JanusConnection>
  limits: RoomLimits
  tokenSecret: string
}

const grantDeps = ({ clock, config, tokenSecret }: SfuComponents) => ({
  clock,
  tokenSecret,
  tokenSeconds: config.SFU_TOKEN_SECONDS,
})

const sfuHandlers = (parts: SfuComponents): Handlers<typeof sfuOperations> => ({
  async janusToken({ params: { id: meetingId }, query: { participantId }, principal: { userId }, request }) {
    const shown = await parts.rosters.now(meetingId)
    const mine = placeOf(shown, userId, participantId)
    if (mine === undefined) throw new ProblemError('forbidden', 'You are not in the room of this meeting')
    const room = await roomOrThrow(parts, meetingId, shown)
    const iceServers = iceServersFor(parts.config, userId, parts.clock.now())
    const base = publicBase(parts.config.PUBLIC_URL, request)
    const body = grantSfu(grantDeps(parts), { room, participantId: mine, base, iceServers })
    return { status: 200, body, headers: { 'cache-control': 'no-store' } }
  },
})

/** The place that was asked for, otherwise the newest of this user. */
function placeOf({ people, ended }: Shown, userId: string, participantId?: string): string | undefined {
  const mine = ended ? [] : people.filter((participant) => participant.userId === userId)
  const asked =
    participantId === undefined ? mine : mine.filter((participant) => participant.participantId === participantId)
  return asked.toSorted((one, other) => (one.joinedAt < other.joinedAt ? -1 : 1)).at(-1)?.participantId
}

/** @throws ProblemError `not-sfu`, `sfu-unavailable` */
async function roomOrThrow({ rooms }: SfuComponents, meetingId: string, { meeting }: Shown): Promise<OpenRoom> {
  const found = await rooms.find(meetingId)
  if (found !== null && found.janusId !== null) return found
  if (meeting?.settings.topology !== 'sfu') throw new ProblemError('not-sfu')
  return rooms.open(meetingId)
}

const queue = 'media'

function subscribeToBus(parts: SfuComponents): BusSubscription[] {
  const { bus, db, log, rooms } = parts
  return [
    respond(
      bus,
      mediaBus.sfu,
      queue,
      async ({ meetingId, base, open, participantIds }) => {
        const found = open ? await rooms.open(meetingId) : await rooms.find(meetingId)
        if (found === null || found.janusId === null) return { generation: 0, grants: [] }
        const grant = (participantId: string) =>
          grantSfu(grantDeps(parts), { room: found, participantId, base, iceServers: [] })
        return {
          generation: found.generation,
          grants: participantIds.map((participantId) => ({ participantId, sfu: grant(participantId) })),
        }
      },
      log,
    ),
    respond(
      bus,
      mediaBus.sfuHeads,
      queue,
      async ({ meetingIds }) => ({
        heads: (await findRooms(db, meetingIds)).flatMap(({ meetingId, generation, janusId }) =>
          janusId === null ? [] : [{ meetingId, generation }],
        ),
      }),
      log,
    ),
    respond(bus, mediaBus.janusAccess, queue, (place) => accessOrThrow(parts, place), log),
    respond(bus, mediaBus.janusEnded, queue, ({ places }) => lookAtPlaces(parts, places), log),
    respond(
      bus,
      mediaBus.freeFeed,
      queue,
      async (place) => {
        await freeFeedOrThrow(parts, place)
        return {}
      },
      log,
    ),
  ]
}
