import { meetingsBus, type RoomChange, type ChatNews } from '@parley/contracts'
import { request, subscribe, type Bus, type BusSubscription, type Clock, type Kv, type Logger } from '@parley/kit'
import type { LiveRoom } from '../room/live-room.ts'
import type { RoomRegistry } from '../room/registry.ts'
import { MeetingChannel } from './meeting-channel.ts'

export interface ChannelsDeps {
  bus: Bus
  kv: Kv
  clock: Clock
  log: Logger
  rooms: RoomRegistry
}

interface ChannelEntry {
  channel: MeetingChannel
  ready: Promise<void>
  /** When it had a reader last, by the monotonic clock. */
  readAt: number
}

/** A removed person reads on for at most this long. */
const checkEveryMs = 1_500
const chatEveryMs = 4_500
/** For so long a channel remembers what happens without a reader, so that one who comes back misses nothing. */
const keepMs = 150_000
const maxKept = 200

/** The meetings that have event streams on this node, or had some a short while ago. */
export class Channels {
  readonly #deps: ChannelsDeps
  readonly #entries = new Map<string, ChannelEntry>()
  #timers: NodeJS.Timeout[] = []
  #hints: BusSubscription | undefined

  constructor(deps: ChannelsDeps) {
    this.#deps = deps
  }

  start(): void {
    const { bus, log } = this.#deps
    const check = ({ meetingId }: { meetingId: string }) => void this.#entries.get(meetingId)?.channel.check()
    this.#hints = subscribe(bus, meetingsBus.accessChanged, {}, check, log)
    this.#timers = [
      setInterval(() => this.#tick(), checkEveryMs),
      setInterval(() => this.#each((channel) => void channel.lookAtChat()), chatEveryMs),
    ]
  }

  stop(): void {
    this.#hints?.unsubscribe()
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** The channel of a meeting for somebody who may read it. Rejects with `not-found`, `unavailable`. */
  async open(meetingId: string, userId: string): Promise<MeetingChannel> {
    const { bus, clock } = this.#deps
    await request(bus, meetingsBus.access, { meetingId, userId })
    const known = this.#entries.get(meetingId)
    if (known !== undefined) {
      known.readAt = clock.monotonic()
      await known.ready
      return known.channel
    }
    const { meeting } = await request(bus, meetingsBus.readers, { meetingId, userIds: [] })
    const room = await this.#deps.rooms.open(meetingId)
    const entry = this.#entries.get(meetingId) ?? this.#add(new MeetingChannel(room, meeting, this.#deps))
    await entry.ready
    return entry.channel
  }

  /** A room of this node has changed. */
  roomMoved(room: LiveRoom, changes: readonly RoomChange[]): void {
    const channel = this.#entries.get(room.meetingId)?.channel
    if (channel?.room === room) channel.roomMoved(changes)
  }

  /** The bus tells of a message, or of a change of one. */
  chatSaid({ type, message }: ChatNews, meetingId: string): void {
    const channel = this.#entries.get(meetingId)?.channel
    if (type === 'chat.message') channel?.messages.hear(message)
    else channel?.changes.hear(message)
  }

  #add(channel: MeetingChannel): ChannelEntry {
    const entry = { channel, ready: channel.begin(), readAt: this.#deps.clock.monotonic() }
    this.#entries.set(channel.meetingId, entry)
    entry.ready.catch(() => this.#entries.delete(channel.meetingId))
    return entry
  }

  #each(act: (channel: MeetingChannel) => void): void {
    for (const { channel } of this.#entries.values()) act(channel)
  }

  #tick(): void {
    const now = this.#deps.clock.monotonic()
    for (const [meetingId, entry] of this.#entries) {
      if (entry.channel.readers.size > 0) entry.readAt = now
      else if (now - entry.readAt > keepMs) this.#entries.delete(meetingId)
      void this.#refresh(entry.channel)
    }
    this.#dropUnread()
  }

  /** Keeps the room in memory, asks who may still read, and lets readers try again what has failed. */
  async #refresh(channel: MeetingChannel): Promise<void> {
    const { log, rooms } = this.#deps
    const { meetingId } = channel
    try {
      if ((await rooms.open(meetingId)) !== channel.room) this.#drop(channel)
    } catch (err) {
      log.warn({ err, meetingId }, 'the room of an event stream cannot be read')
    }
    await channel.check()
    channel.advance()
  }

  /** The room was loaded anew, such as after a standstill: readers come again with the place they were at. */
  #drop(channel: MeetingChannel): void {
    if (this.#entries.get(channel.meetingId)?.channel === channel) this.#entries.delete(channel.meetingId)
    for (const reader of channel.readers) reader.end()
  }

  /** Those that were read the longest ago go first. */
  #dropUnread(): void {
    const unread = [...this.#entries].filter(([, { channel }]) => channel.readers.size === 0)
    if (unread.length <= maxKept) return
    unread.sort(([, one], [, other]) => one.readAt - other.readAt)
    for (const [meetingId] of unread.slice(0, unread.length - maxKept)) this.#entries.delete(meetingId)
  }
}
