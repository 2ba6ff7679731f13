import { mediaBus, type IceServer, type Meeting, type Sfu } from '@parley/contracts'
import {
  request,
  createPoller,
  isProblem,
  subscribe,
  within,
  type Bus,
  type BusSubscription,
  type Clock,
  type Logger,
} from '@parley/kit'
import { messageFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'
import type { LocalSession } from '../session/local-session.ts'

/** How the people here reach the SFU. */
export interface SfuAccess {
  /** For somebody who has just taken a seat; undefined: there is no SFU, or it is not known in time. Never rejects. */
  forJoining(room: LiveRoom, local: LocalSession): Promise<Sfu | undefined>
  /** This session's client may have an old grant: it is told anew. */
  tellAnew(room: LiveRoom, local: LocalSession): void
  start(): void
  stop(): void
}

/** Every meeting is a mesh. */
export const withoutSfu: SfuAccess = {
  forJoining: async () => undefined,
  tellAnew() {},
  start() {},
  stop() {},
}

export interface SfuLinksDeps {
  bus: Bus
  clock: Clock
  log: Logger
  /** A meeting of topology `auto` gets a room in the SFU when this many people are in it. */
  fromPeople: number
  /** The rooms of this node. */
  rooms(): Iterable<LiveRoom>
  roomOf(meetingId: string): LiveRoom | undefined
  iceServersFor(who: { userId: string; participantId: string }): IceServer[]
}

/** The state of a room in the SFU, as far as it is known. */
interface Link {
  /** 0: there is none. */
  generation: number
  /** Whether media has been asked. */
  known: boolean
  /** When to ask for a room again, monotonic ms. */
  openAt: number
  asking: Promise<void> | null
}
/** The generation that a session's client was told last, and when it needs new tokens, by the monotonic clock. */
interface SentTokens {
  generation: number
  renewAt: number
}

const tickMs = 1_000
const headsEveryTicks = 4
const chunk = 1_000
/** A room has to be made for the meeting. */
const openPatienceMs = 2_000
/** It only has to be known whether there is one. */
const knowPatienceMs = 400
const openAgainMs = 2_000
/** Tokens are renewed when this part of their life is over. */
const renewAfter = 0.8

/**
 * Tells the people of this node how they reach the SFU: with the answer to their join, and when the room has moved. They get it also when a
 * mesh has outgrown itself, and before their tokens end. Media decides where the room is; its news are hints, so the generations of
 * all rooms here are asked for every few seconds.
 */
export class SfuLinks implements SfuAccess {
  readonly #deps: SfuLinksDeps
  readonly #links = new WeakMap<LiveRoom, Link>()
  readonly #told = new WeakMap<LocalSession, SentTokens>()
  readonly #poller = createPoller(() => this.#tick(), tickMs)
  #ticks = 0
  #away = false
  #subscription: BusSubscription | null = null

  constructor(deps: SfuLinksDeps) {
    this.#deps = deps
  }

  start(): void {
    const { bus, log, roomOf } = this.#deps
    const onChanged = ({ meetingId, generation }: { meetingId: string; generation: number }): void => {
      const room = roomOf(meetingId)
      if (room !== undefined) void this.#noteAndTell(room, generation)
    }
    this.#subscription = subscribe(bus, mediaBus.sfuChanged, {}, onChanged, log)
    void this.#poller.start()
  }

  stop(): void {
    this.#subscription?.unsubscribe()
    this.#poller.stop()
  }

  async forJoining(room: LiveRoom, local: LocalSession): Promise<Sfu | undefined> {
    const link = this.#linkOf(room)
    const open = this.#mayOpen(room)
    const isMesh = link.known || this.#away || topologyOf(room) === 'mesh'
    if (link.generation === 0 && !open && isMesh) return undefined
    try {
      const granted = await within(this.#ask(room, [local], open), open ? openPatienceMs : knowPatienceMs)
      // The others of a mesh that has just been outgrown.
      void this.#tellAll(room)
      return granted.get(local.participantId)
    } catch (err) {
      this.#failed(room, err)
      return undefined
    }
  }

  tellAnew(room: LiveRoom, local: LocalSession): void {
    this.#told.delete(local)
    const link = this.#linkOf(room)
    if (link.generation > 0 || !link.known) void this.#noteAndTell(room, null)
  }

  /** Null: media has to say which generation it is. */
  async #noteAndTell(room: LiveRoom, generation: number | null): Promise<void> {
    const link = this.#linkOf(room)
    if (generation === null && !link.known) await this.#askHeads([room])
    if (generation !== null) this.#note(room, generation)
    await this.#tellAll(room)
  }

  async #tick(): Promise<void> {
    const rooms = [...this.#deps.rooms()].filter(({ locals }) => locals.size > 0)
    this.#ticks += 1
    if (this.#ticks % headsEveryTicks === 1)
      for (let at = 0; at < rooms.length; at += chunk) await this.#askHeads(rooms.slice(at, at + chunk))
    await Promise.all(rooms.map((room) => this.#tellAll(room)))
  }

  async #askHeads(rooms: readonly LiveRoom[]): Promise<void> {
    const { bus, log } = this.#deps
    if (rooms.length === 0) return
    try {
      const { heads } = await request(bus, mediaBus.sfuHeads, { meetingIds: rooms.map(({ meetingId }) => meetingId) })
      const byId = new Map(heads.map(({ meetingId, generation }) => [meetingId, generation]))
      for (const room of rooms) this.#note(room, byId.get(room.meetingId) ?? 0)
      this.#away = false
    } catch (err) {
      // The known generations stay as they are: the calls go on.
      if (!this.#away) log.info({ err }, 'the media service does not say where rooms are')
      this.#away = true
    }
  }

  #note(room: LiveRoom, generation: number): void {
    const link = this.#linkOf(room)
    link.known = true
    link.generation = generation
  }

  /** Tells those here who have yet to hear of where the room is, or whose tokens end; one question at a time for each room. */
  #tellAll(room: LiveRoom): Promise<void> {
    const link = this.#linkOf(room)
    link.asking ??= this.#tellDue(room).finally(() => (link.asking = null))
    return link.asking
  }

  async #tellDue(room: LiveRoom): Promise<void> {
    const { iceServersFor } = this.#deps
    const link = this.#linkOf(room)
    const open = this.#mayOpen(room)
    if (link.generation === 0 && !open) return
    const due = [...room.locals.values()].filter(
      (local) => local.attached && !local.entering && this.#isDue(link, local),
    )
    if (due.length === 0 && !open) return
    try {
      const granted = await this.#ask(room, due, open)
      for (const local of due) {
        const sfu = granted.get(local.participantId)
        if (sfu === undefined) continue
        const withIce = { ...sfu, iceServers: iceServersFor(local) }
        local.direct(messageFrame({ type: 'sfu.changed', payload: { sfu: withIce } }))
      }
    } catch (err) {
      this.#failed(room, err)
    }
  }

  #isDue(link: Link, local: LocalSession): boolean {
    const told = this.#told.get(local)
    return told === undefined || told.generation !== link.generation || this.#deps.clock.monotonic() >= told.renewAt
  }

  /** The grants of these sessions by participant, from now on counted as told. Rejects with what media answers. */
  async #ask(room: LiveRoom, locals: readonly LocalSession[], open: boolean): Promise<Map<string, Sfu>> {
    const { bus, clock } = this.#deps
    const { meetingId, state } = room
    const participantIds = locals.map(({ participantId }) => participantId)
    const base = baseOf(state.meeting)
    const { generation, grants } = await request(bus, mediaBus.sfu, { meetingId, base, open, participantIds })
    this.#note(room, generation)
    const byId = new Map(grants.map(({ participantId, sfu }) => [participantId, sfu]))
    for (const local of locals) {
      const sfu = byId.get(local.participantId)
      if (sfu === undefined) continue
      const lifeMs = Math.max(0, Date.parse(sfu.expiresAt) - clock.now())
      this.#told.set(local, { generation, renewAt: clock.monotonic() + lifeMs * renewAfter })
    }
    return byId
  }

  #failed(room: LiveRoom, err: unknown): void {
    const { clock, log } = this.#deps
    this.#linkOf(room).openAt = clock.monotonic() + openAgainMs
    const level = isProblem(err, 'sfu-unavailable') || isProblem(err, 'unavailable') ? 'debug' : 'warn'
    log[level]({ err, meetingId: room.meetingId }, 'the SFU is not to be had now; signaling goes on')
  }

  /** A room that could not be had is asked for again after a while, whoever joins meanwhile. */
  #mayOpen(room: LiveRoom): boolean {
    const { generation, openAt } = this.#linkOf(room)
    if (generation > 0 || this.#deps.clock.monotonic() < openAt) return false
    const topology = topologyOf(room)
    return topology === 'sfu' || (topology === 'auto' && room.state.seats.size >= this.#deps.fromPeople)
  }

  #linkOf(room: LiveRoom): Link {
    const link = this.#links.get(room) ?? { generation: 0, known: false, openAt: 0, asking: null }
    this.#links.set(room, link)
    return link
  }
}

const topologyOf = ({ state }: LiveRoom): Meeting['settings']['topology'] => state.meeting?.settings.topology ?? 'mesh'

/** Where clients reach the gateway: where the link to the meeting leads. */
const baseOf = (meeting: Meeting | null): string => new URL(meeting?.joinLink ?? 'http://localhost').origin
