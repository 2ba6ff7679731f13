import { signalingBus, type RoomChange, type ChatNews, type RoomEvent } from '@parley/contracts'
import { ProblemError, publish, type Bus, type BusSubscription, type Clock, type Kv, type Logger } from '@parley/kit'
import { Lobby } from '../lobby/lobby.ts'
import { ChatHeads, isKnown, noteChat } from './chat-heads.ts'
import { forEach } from './for-each.ts'
import { messageFrame } from './frames.ts'
import { listenToRoom, type AnyNews } from './listen-to-room.ts'
import { LiveRoom } from './live-room.ts'
import type { StoreLife } from './store-life.ts'

export interface RegistryDeps {
  node: string
  bus: Bus
  kv: Kv
  clock: Clock
  life: StoreLife
  log: Logger
  onDelivered(count: number): void
}

/** Follows what happens in rooms, besides those who are in them. */
export interface RoomWatch {
  /** By these changes; none when they are not known. */
  roomMoved(room: LiveRoom, changes: readonly RoomChange[]): void
  chatSaid(news: ChatNews, meetingId: string): void
}

interface RoomEntry {
  room: LiveRoom
  lobby: Lobby
  ready: Promise<void>
  subscription: BusSubscription
  /** When it was last used, monotonic ms. */
  usedAt: number
}

const keepIdleMs = 30_000
const comparedAtOnce = 32

/** The rooms that this node has in memory, each with its one subscription. */
export class RoomRegistry {
  readonly #deps: RegistryDeps
  readonly #entries = new Map<string, RoomEntry>()
  /** How far the chats of the rooms are. */
  readonly chatHeads: ChatHeads
  #watch: RoomWatch | null = null

  constructor(deps: RegistryDeps) {
    this.#deps = deps
    this.chatHeads = new ChatHeads({ ...deps, rooms: () => this.rooms() })
  }

  /** From now on `watch` is told what happens in any room here. */
  watchedBy(watch: RoomWatch): void {
    this.#watch = watch
  }

  get size(): number {
    return this.#entries.size
  }

  *rooms(): Generator<LiveRoom> {
    for (const { room } of this.#entries.values()) yield room
  }

  /** The room, loaded from the store the first time. Rejects with `unavailable` when it can't be read. */
  async open(meetingId: string): Promise<LiveRoom> {
    const entry = this.#entries.get(meetingId) ?? this.#load(meetingId)
    entry.usedAt = this.#deps.clock.monotonic()
    await entry.ready
    return entry.room
  }

  peek(meetingId: string): LiveRoom | undefined {
    return this.#entries.get(meetingId)?.room
  }

  /** The lobby of a room that is open here. */
  lobbyOf(room: LiveRoom): Lobby {
    const entry = this.#entries.get(room.meetingId)
    if (!entry) throw new ProblemError('unavailable', 'The room is being loaded again')
    return entry.lobby
  }

  peekLobby(room: LiveRoom): Lobby | undefined {
    return this.#entries.get(room.meetingId)?.lobby
  }

  /** Reads the lobbies that somebody waits in or looks at; called every 2 s. */
  refreshLobbies(): void {
    for (const { lobby } of this.#entries.values()) if (lobby.watched) void lobby.refresh()
  }

  /** Tends each room, and lets go of those that nobody here uses; called on a timer. */
  tend(): void {
    const now = this.#deps.clock.monotonic()
    for (const [id, { room, lobby, usedAt }] of this.#entries) {
      room.tend(now)
      if (!room.idle || lobby.occupied) this.#touch(id, now)
      else if (now - usedAt > keepIdleMs) this.#forget(id)
    }
  }

  /**
   * After the bus was away: what was said meanwhile is read from the store. Messages of this node got lost too, and another may
   * have been back, and have read, before that.
   */
  async catchUp(): Promise<void> {
    const rooms = [...this.rooms()]
    for (const room of rooms) room.tellHead()
    await Promise.allSettled([...rooms.map((room) => room.catchUp()), this.chatHeads.askAll()])
  }

  /**
   * The store has lost data, or may have: every room is compared with it, and put back where it is missing. A room that cannot be read now is tried again by `tend`.
   */
  async compareAll(): Promise<void> {
    await forEach(this.rooms(), comparedAtOnce, async (room) => {
      await room
        .catchUp()
        .catch((err: unknown) => this.#deps.log.warn({ err }, 'a room could not be compared with the store yet'))
    })
  }

  stop(): void {
    for (const id of this.#entries.keys()) this.#forget(id)
  }

  #touch(id: string, now: number): void {
    const entry = this.#entries.get(id)
    if (entry) entry.usedAt = now
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id)
    entry?.subscription.unsubscribe()
    this.#entries.delete(id)
  }

  #load(meetingId: string): RoomEntry {
    const { node, bus, kv, clock, life, log, onDelivered } = this.#deps
    const publishNews = (news: RoomEvent) => publish(bus, signalingBus.room, { meetingId }, news)
    const room = new LiveRoom(meetingId, {
      node,
      kv,
      clock,
      life,
      log,
      publish: publishNews,
      onDelivered,
      onChanges: (_room, changes) => {
        tellLobby(lobby, changes)
        this.#watch?.roomMoved(room, changes)
      },
    })
    const lobby = new Lobby(room, { bus, log })
    // Subscribed before it is read: what commits in between is seen, or already in what is read.
    const subscription = listenToRoom({ bus: othersOn(bus, node), log }, meetingId, (news) =>
      this.#hear(room, lobby, news),
    )
    const ready = this.#read(room, subscription)
    const entry = { room, lobby, ready, subscription, usedAt: clock.monotonic() }
    this.#entries.set(meetingId, entry)
    ready.catch(() => this.#forget(meetingId))
    return entry
  }

  async #read(room: LiveRoom, subscription: BusSubscription): Promise<void> {
    try {
      await subscription.ready()
    } catch (err) {
      // Without the bus the room works on this node; `catchUp` follows when the bus is back.
      this.#deps.log.warn({ err, meetingId: room.meetingId }, 'room is not connected to other nodes')
    }
    await Promise.all([room.load(), this.chatHeads.readFor(room)])
  }

  #hear(room: LiveRoom, lobby: Lobby, news: AnyNews): void {
    switch (news.kind) {
      case 'commit':
      case 'head':
        return room.hear(news)
      case 'lobby':
        return void lobby.refresh()
      case 'waiting':
        return news.node === this.#deps.node ? undefined : lobby.replace(news.participantId)
      case 'chat':
        if (isKnown(room, news)) return
        noteChat(room, { seq: news.message.seq, rev: news.message.rev })
        this.#watch?.chatSaid(news, room.meetingId)
        return room.broadcast(messageFrame({ type: news.type, payload: { message: news.message } }))
      case 'reaction':
      case 'typing':
        return news.node === this.#deps.node ? undefined : showEphemeral(room, news)
      default:
        news satisfies never
    }
  }
}

/** In one process the bus has an echo: this node's own commits, most of what is said, are not worth being parsed. */
const othersOn = (bus: Bus, node: string): Pick<Bus, 'subscribe'> => ({
  subscribe: (subject, onText) =>
    bus.subscribe(subject, (text, from) => {
      if (!text.startsWith(`{"kind":"commit","node":"${node}"`)) onText(text, from)
    }),
})

/** Those who wait hear of the schedule and of the end; a new host or cohost is shown who waits. */
function tellLobby(lobby: Lobby, changes: readonly RoomChange[]): void {
  for (const change of changes) {
    if (change.kind === 'meeting') lobby.tellMeeting(change.meeting)
    if (change.kind === 'seat' && change.role) lobby.tellModerators()
    if (change.kind === 'ended') lobby.end(change.reason)
  }
}

/** Shows a reaction, or that somebody is typing: dropped for whoever is slow. */
export function showEphemeral(room: LiveRoom, news: Extract<RoomEvent, { kind: 'reaction' | 'typing' }>): void {
  const { participantId } = news
  if (news.kind === 'reaction') {
    const frame = messageFrame({ type: 'reaction.added', payload: { participantId, reaction: news.reaction } })
    return room.broadcast(frame, { droppable: true })
  }
  const frame = messageFrame({ type: 'chat.typing', payload: { participantId, typing: news.typing } })
  room.broadcast(frame, { except: participantId, droppable: true })
}
