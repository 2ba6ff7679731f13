import { chatBus, signalingBus, type Change, type RoomNews } from '@parley/contracts'
import {
  ask,
  listen,
  ProblemError,
  tell,
  type Bus,
  type BusSubscription,
  type Clock,
  type Kv,
  type Logger,
} from '@parley/kit'
import { Lobby } from '../lobby/lobby.ts'
import { messageFrame } from './frames.ts'
import { LiveRoom } from './live-room.ts'

export interface RegistryDeps {
  node: string
  bus: Bus
  kv: Kv
  clock: Clock
  log: Logger
  onDelivered(count: number): void
}

interface Entry {
  room: LiveRoom
  lobby: Lobby
  ready: Promise<void>
  subscription: BusSubscription
  /** When it was last used, ms since 1970. */
  usedAt: number
}

const keepIdleMs = 30_000

/** The rooms that this node has in memory, each with its one subscription. */
export class RoomRegistry {
  readonly #deps: RegistryDeps
  readonly #entries = new Map<string, Entry>()

  constructor(deps: RegistryDeps) {
    this.#deps = deps
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
    entry.usedAt = this.#deps.clock.now()
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

  /** Lets go of rooms that nobody here uses; called on a timer. */
  sweep(): void {
    const now = this.#deps.clock.now()
    for (const [id, { room, lobby, usedAt }] of this.#entries) {
      if (!room.idle || lobby.occupied) this.#touch(id, now)
      else if (now - usedAt > keepIdleMs) this.#forget(id)
    }
  }

  /** After the bus was away: what was said meanwhile is read from the store. */
  async catchUp(): Promise<void> {
    await Promise.allSettled([...this.rooms()].flatMap((room) => [room.catchUp(), this.#readChatHead(room)]))
  }

  stop(): void {
    for (const id of this.#entries.keys()) this.#forget(id)
  }

  #touch(id: string, now: number): void {
    const entry = this.#entries.get(id)
    if (entry) entry.usedAt = now
  }

  #forget(id: string): void {
    this.#entries.get(id)?.subscription.unsubscribe()
    this.#entries.delete(id)
  }

  #load(meetingId: string): Entry {
    const { node, bus, kv, clock, log, onDelivered } = this.#deps
    const publish = (news: RoomNews) => tell(bus, signalingBus.room, { meetingId }, news)
    const room = new LiveRoom(meetingId, {
      node,
      kv,
      clock,
      log,
      publish,
      onDelivered,
      onChanges: (_room, changes) => tellLobby(lobby, room, changes),
    })
    const lobby = new Lobby(room, { bus, log })
    // Subscribed before it is read: what commits in between is seen, or already in what is read.
    const subscription = listen(bus, signalingBus.room, { meetingId }, (news) => this.#hear(room, lobby, news), log)
    const ready = this.#read(room, subscription)
    const entry = { room, lobby, ready, subscription, usedAt: clock.now() }
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
    await Promise.all([room.load(), this.#readChatHead(room)])
  }

  #hear(room: LiveRoom, lobby: Lobby, news: RoomNews): void {
    switch (news.kind) {
      case 'commit':
        return room.hear(news)
      case 'lobby':
        return void lobby.refresh()
      case 'chat':
        room.chatSeq = Math.max(room.chatSeq, news.message.seq)
        return room.broadcast(messageFrame({ type: news.type, payload: { message: news.message } }))
      case 'reaction':
      case 'typing':
        return news.node === this.#deps.node ? undefined : showPassing(room, news)
      default:
        news satisfies never
    }
  }

  /** Without the chat service the number stays what it was; the next message or reconnect corrects it. */
  async #readChatHead(room: LiveRoom): Promise<void> {
    try {
      const { seq } = await ask(this.#deps.bus, chatBus.head, { meetingId: room.meetingId })
      room.chatSeq = Math.max(room.chatSeq, seq)
    } catch (err) {
      this.#deps.log.warn({ err, meetingId: room.meetingId }, 'number of the newest chat message is not known')
    }
  }
}

/** Those who wait hear of the schedule and of the end; a new host or cohost is shown who waits. */
function tellLobby(lobby: Lobby, room: LiveRoom, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'meeting')
      lobby.broadcast(messageFrame({ type: 'meeting.updated', payload: { v: room.state.v, meeting: change.meeting } }))
    if (change.kind === 'seat' && change.role) lobby.tellModerators()
    if (change.kind !== 'ended') continue
    lobby.broadcast(messageFrame({ type: 'room.ended', payload: { reason: change.reason } }))
    lobby.end()
  }
}

/** Shows a reaction, or that somebody is typing: dropped for whoever is slow. */
export function showPassing(room: LiveRoom, news: Extract<RoomNews, { kind: 'reaction' | 'typing' }>): void {
  const { participantId } = news
  if (news.kind === 'reaction') {
    const frame = messageFrame({ type: 'reaction.added', payload: { participantId, reaction: news.reaction } })
    return room.broadcast(frame, { droppable: true })
  }
  const frame = messageFrame({ type: 'chat.typing', payload: { participantId, typing: news.typing } })
  room.broadcast(frame, { except: participantId, droppable: true })
}
