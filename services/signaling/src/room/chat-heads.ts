import { chatBus, type ChatNews } from '@parley/contracts'
import { request, createPoller, within, type Bus, type Clock, type Logger } from '@parley/kit'
import { pingFrame } from './frames.ts'
import type { LiveRoom } from './live-room.ts'

type HeadRoom = Pick<LiveRoom, 'meetingId' | 'locals' | 'chatSeq' | 'chatRev' | 'broadcast' | 'state'>

interface Options {
  bus: Bus
  clock: Clock
  log: Logger
  /** The rooms of this node. */
  rooms: () => Iterable<HeadRoom>
}

const everyMs = 5_000
/** As many as one question may name. */
const chunk = 1_000
/** A room is opened with a head that comes within this; a later one is told to who is in it by then. */
const openingMs = 150

/**
 * Announcements of the chat that got lost are asked for: one question every 5 s for the newest numbers of all rooms with
 * somebody here. A client that missed messages learns it at once, not with the next ping.
 */
export class ChatHeads {
  readonly #options: Options
  readonly #poller = createPoller(() => this.askAll(), everyMs)
  /** The last question got no answer: nobody waits for the next. */
  #away = false

  constructor(options: Options) {
    this.#options = options
  }

  start(): void {
    void this.#poller.start()
  }

  stop(): void {
    this.#poller.stop()
  }

  /** Asks for all rooms with somebody here; also after the bus was away. Never rejects. */
  async askAll(): Promise<void> {
    const rooms = [...this.#options.rooms()].filter(({ locals }) => locals.size > 0)
    for (let at = 0; at < rooms.length; at += chunk) if (!(await this.#ask(rooms.slice(at, at + chunk)))) return
  }

  /** For a room that is being opened: it does not wait for a chat that does not answer. Never rejects. */
  async readFor(room: HeadRoom): Promise<void> {
    const asked = this.#ask([room])
    if (!this.#away) await within(asked, openingMs).catch(() => this.#options.log.debug('the chat is slow'))
  }

  /** Whether there was an answer. */
  async #ask(rooms: readonly HeadRoom[]): Promise<boolean> {
    const { bus, clock, log } = this.#options
    const byId = new Map(rooms.map((room) => [room.meetingId, room]))
    try {
      const { heads } = await request(bus, chatBus.heads, { meetingIds: [...byId.keys()] })
      this.#away = false
      for (const { meetingId, ...head } of heads) {
        const room = byId.get(meetingId)
        if (room) noteAndTell(room, head, clock)
      }
    } catch (err) {
      // The numbers stay what they were until it answers again.
      if (!this.#away) log.warn({ err, rooms: rooms.length }, 'numbers of the newest chat messages are not known')
      this.#away = true
    }
    return !this.#away
  }
}

type Head = { seq: number; rev?: number | undefined }
type Numbers = Pick<LiveRoom, 'chatSeq' | 'chatRev'>

/** Takes on numbers of the chat; true if one was news. */
export function noteChat(room: Numbers, { seq, rev = 0 }: Head): boolean {
  const isNew = seq > room.chatSeq || rev > room.chatRev
  room.chatSeq = Math.max(room.chatSeq, seq)
  room.chatRev = Math.max(room.chatRev, rev)
  return isNew
}

/** As `noteChat`; a number that nobody here has heard of is told to all. */
export function noteAndTell(room: HeadRoom, head: Head, clock: Clock): void {
  if (noteChat(room, head)) room.broadcast(pingFrame(room, clock.now()))
}

/** Whether what is told again was heard here: then it is not shown twice. */
export const isKnown = (room: Numbers, { type, message, again }: ChatNews): boolean =>
  again === true && (type === 'chat.message' ? message.seq <= room.chatSeq : (message.rev ?? 0) <= room.chatRev)
