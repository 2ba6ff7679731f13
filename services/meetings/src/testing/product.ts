import {
  meetingsBus,
  type AdmissionGrant,
  type JoinDetails,
  type Meeting,
  type RoomCommand,
  type RosterEntry,
  type ShownParticipant,
} from '@parley/contracts'
import {
  request,
  createMetrics,
  newId,
  readConfig,
  startService,
  type Bus,
  type Clock,
  type StartedService,
} from '@parley/kit'
import { steppingClock } from '@parley/kit/testing'
import type { Move, Restoration } from '../fact.ts'
import { meetingsService } from '../service.ts'
import type { Tables } from '../tables.ts'
import { createCall, type Call } from './call.ts'
import { createChatEar, createSignalingEar } from './signaling-ear.ts'
import type { TestWorld } from './world.ts'

export interface TestUser {
  id: string
  name: string
  guest: boolean
  /** A token by the test's clock. */
  token(): string
}

/** The service on a world, with a clock that can be moved and an ear where signaling would be. */
export async function startProduct(world: TestWorld, env: Record<string, string> = {}) {
  const { bus, kv, issuer } = world
  const clock = steppingClock()
  const instances = createInstances(world, clock, env)
  const ear = createSignalingEar(world)
  await ear.find()
  const chat = createChatEar(world)
  await chat.find()
  const call = createCall((await instances.start()).url)
  const rooms: Rooms = new Map()
  return {
    db: world.database.schema<Tables>('meetings'),
    bus,
    kv,
    clock,
    issuer,
    call,
    /** Another replica, with more of an environment. */
    start: instances.start,
    user: createUsers(world, clock),
    fact: createFacts(world, clock, rooms),
    restored: createRestorations(world, clock, rooms),
    ...shorthands(call, bus),
    /** Moves the clock of all instances. */
    advance: (ms: number): void => clock.advance(ms),
    /** The commands that its room was told, without their numbers. */
    toldTo: (meetingId: string): RoomCommand[] => ear.toldTo(meetingId),
    /** The numbers of these commands. */
    numbersTo: (meetingId: string) => ear.numbersTo(meetingId),
    /** The people in a room, as signaling says; unless told, nobody can say. */
    seat: (meetingId: string, participants: readonly RosterEntry[]): void => ear.seat(meetingId, participants),
    /** The people in a room and what it shows of them, as signaling says; unless told, nobody can say. */
    show: (meetingId: string, participants: ShownParticipant[]): void => ear.show(meetingId, participants),
    /** How often that was asked. */
    askedForShown: (): number => ear.askedForShown(),
    /** The meeting's announcements in its chat. */
    saidIn: (meetingId: string): string[] => chat.saidIn(meetingId),
    /** The same for programs. */
    systemIn: (meetingId: string) => chat.systemIn(meetingId),
    loseChat: () => chat.lose(),
    findChat: () => chat.find(),
    loseSignaling: () => ear.lose(),
    findSignaling: () => ear.find(),
    async stop() {
      await instances.stop()
      ear.lose()
      chat.lose()
    },
  }
}
export type Product = Awaited<ReturnType<typeof startProduct>>

function createInstances({ bus, kv, log, database }: TestWorld, clock: Clock, env: Record<string, string>) {
  const started: StartedService[] = []
  return {
    async start(more: Record<string, string> = {}): Promise<StartedService> {
      const all = { NODE_ENV: 'test', PUBLIC_URL: 'https://meet.test', ...env, ...more }
      const config = readConfig(meetingsService.config, all)
      const world = { bus, kv, log, database, clock, metrics: createMetrics(), instanceId: newId() }
      const instance = await startService(meetingsService, { config, world })
      started.push(instance)
      return instance
    },
    stop: () => Promise.all(started.map((instance) => instance.stop())),
  }
}

const createUsers =
  ({ issuer, users }: TestWorld, clock: Clock) =>
  (name = 'Ann', guest = false): TestUser => {
    const id = newId()
    if (!guest) users.set(id, { name, email: `${id}@people.example`, emailVerified: true })
    const token = () => {
      const iat = Math.floor(clock.now() / 1000)
      return issuer.token({ sub: id, name, typ: guest ? 'guest' : 'access', iat, exp: iat + 900 })
    }
    return { id, name, guest, token }
  }

type At = Pick<Meeting, 'id'> & Partial<Pick<Meeting, 'hostId'>>
const roleAt = ({ hostId }: At, { id, guest }: TestUser) => (hostId === id ? 'host' : guest ? 'guest' : 'participant')

/** The people in each room by the facts so far: the user of each participant. */
type Rooms = Map<string, Map<string, string>>

/**
 * Appends a fact as signaling does in its commit. Unless told, it says how many are in the room by the facts before it, and whoever leaves
 * is the one who came: a fact that says that the room is empty, or was, ends the stays of all others.
 */
const createFacts =
  ({ kv }: TestWorld, clock: Clock, rooms: Rooms) =>
  async (kind: Move['kind'], meeting: At, who: TestUser, more: Partial<Omit<Move, 'kind'>> = {}): Promise<Move> => {
    const inside = rooms.get(meeting.id) ?? new Map<string, string>()
    rooms.set(meeting.id, inside)
    const own = kind === 'left' ? [...inside].find(([, userId]) => userId === who.id)?.[0] : undefined
    const { participantId = own ?? newId() } = more
    if (kind === 'joined') inside.set(participantId, who.id)
    else inside.delete(participantId)
    const fact: Move = {
      id: newId(),
      at: new Date(clock.now()).toISOString(),
      meetingId: meeting.id,
      kind,
      participantId,
      userId: who.id,
      name: who.name,
      role: roleAt(meeting, who),
      present: inside.size,
      ...more,
    }
    await kv.facts.append(JSON.stringify(fact))
    return fact
  }

/** Appends the fact of a room that was put back with these people in it. */
const createRestorations =
  ({ kv }: TestWorld, clock: Clock, rooms: Rooms) =>
  async (meeting: At, participants: readonly RosterEntry[], more: Partial<Restoration> = {}): Promise<Restoration> => {
    const at = new Date(clock.now()).toISOString()
    rooms.set(meeting.id, new Map(participants.map(({ participantId, userId }) => [participantId, userId])))
    const fact: Restoration = {
      id: newId(),
      at,
      meetingId: meeting.id,
      kind: 'restored',
      people: [...participants],
      ...more,
    }
    await kv.facts.append(JSON.stringify(fact))
    return fact
  }

const shorthands = (call: Call, bus: Bus) => ({
  /** A public meeting unless the body says otherwise; guests may enter all of them. */
  create: async (as: TestUser, body: object = {}): Promise<Meeting> =>
    (
      await call<Meeting>('POST', '/v1/meetings', {
        as,
        body: {
          type: 'public',
          ...body,
          settings: { guestsAllowed: true, ...(body as { settings?: object }).settings },
        },
      })
    ).body,
  joinByCode: (as: TestUser, code: string, more: object = {}) =>
    call<JoinDetails>('POST', '/v1/meetings/join', { as, body: { code, ...more } }),
  /** Joins and redeems the room token, as signaling does for who enters. */
  async comeIn(as: TestUser, { code }: Pick<Meeting, 'code'>, more: object = {}): Promise<AdmissionGrant> {
    const { body } = await call<JoinDetails>('POST', '/v1/meetings/join', { as, body: { code, ...more } })
    return request(bus, meetingsBus.redeem, { roomToken: body.roomToken, userId: as.id })
  },
})
