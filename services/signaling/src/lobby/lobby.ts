import { may, meetingsBus, type LobbyDecision, type LobbyEntry, type Meeting } from '@parley/contracts'
import { request, type Bus, type Logger } from '@parley/kit'
import { messageFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'
import type { EndReason } from '../room/state.ts'
import type { LocalSession } from '../session/local-session.ts'
import { LobbyTeller } from './lobby-teller.ts'

/** One who waits, with a socket on this node. */
export interface Waiting {
  participantId: string
  /** Version of the meeting that this one knows; 0: not known, they are told at the next reading. */
  meetingVersion: number
  /** Tells the place in the queue; called when it is another than before. */
  onPosition(position: number): void
  onDecided(decision: LobbyDecision): void
  onFrame(frame: Buffer): void
  onEnded(): void
  /** The same one waits on another socket now. */
  onReplaced(): void
}

interface ShownPosition {
  who: Waiting
  position: number
  meetingVersion: number
}

/**
 * The lobby of one room on one node: who waits here, and the queue as meetings has it written down. It is read again on each hint, and
 * every 2 s while somebody waits. So a lost hint delays an admission and loses none.
 */
export class Lobby {
  readonly #room: LiveRoom
  readonly #bus: Bus
  readonly #log: Logger
  readonly #waiting = new Map<string, ShownPosition>()
  readonly #teller: LobbyTeller
  #lv = -1
  #entries: readonly LobbyEntry[] = []
  #reading: Promise<void> | null = null
  #again = false

  constructor(room: LiveRoom, { bus, log }: { bus: Bus; log: Logger }) {
    this.#room = room
    this.#bus = bus
    this.#log = log
    this.#teller = new LobbyTeller(() => this.#moderators())
  }

  get occupied(): boolean {
    return this.#waiting.size > 0
  }

  /** As hosts and cohosts see it; nothing before it was read. */
  get view(): { lv: number; lobby: LobbyEntry[] } | Record<string, never> {
    return this.#lv < 0 ? {} : { lv: this.#lv, lobby: [...this.#entries] }
  }

  positionOf(participantId: string): number {
    return this.#entries.find((entry) => entry.participantId === participantId)?.position ?? this.#entries.length + 1
  }

  /** Takes one who waits; a socket on which they waited here before is told. */
  add(who: Waiting, position: number): void {
    this.replace(who.participantId)
    this.#waiting.set(who.participantId, { who, position, meetingVersion: who.meetingVersion })
  }

  /** Lets go of one who waits on another socket now, if they are here. */
  replace(participantId: string): void {
    const entry = this.#waiting.get(participantId)
    this.#waiting.delete(participantId)
    entry?.who.onReplaced()
  }

  remove(participantId: string): void {
    this.#waiting.delete(participantId)
  }

  /** Tells those who wait here of the meeting, each version once: from the room, or from what meetings has, whichever is first. */
  tellMeeting(meeting: Meeting): void {
    const behind = [...this.#waiting.values()].filter(({ meetingVersion }) => meetingVersion < meeting.version)
    if (behind.length === 0) return
    const frame = messageFrame({ type: 'meeting.updated', payload: { v: this.#room.state.v, meeting } })
    for (const place of behind) {
      place.meetingVersion = meeting.version
      place.who.onFrame(frame)
    }
  }

  /** The meeting is over: tells those who wait here, and sends them away. */
  end(reason: EndReason): void {
    const frame = messageFrame({ type: 'room.ended', payload: { reason } })
    for (const { who } of this.#waiting.values()) {
      who.onFrame(frame)
      who.onEnded()
    }
    this.#waiting.clear()
  }

  /** Whether it is worth reading without a hint: somebody waits here, or looks at those who do. */
  get watched(): boolean {
    return this.occupied || (this.#entries.length > 0 && [...this.#moderators()].length > 0)
  }

  /** Reads the lobby and tells what is new; calls during a reading share one more after it. Never rejects. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#again = true
      return this.#reading
    }
    this.#reading = this.#readUntilStill()
    return this.#reading
  }

  async #readUntilStill(): Promise<void> {
    try {
      do {
        this.#again = false
        await this.#read()
      } while (this.#again)
    } catch (err) {
      this.#log.warn({ err, meetingId: this.#room.meetingId }, 'the lobby could not be read; it is tried again')
    } finally {
      this.#reading = null
    }
  }

  async #read(): Promise<void> {
    const { meetingId } = this.#room
    const { lv, lobby, decided, meeting, ended } = await request(this.#bus, meetingsBus.lobby, {
      meetingId,
      present: [...this.#waiting.keys()],
    })
    if (ended) this.end(ended)
    for (const decision of decided) this.#decide(decision)
    if (meeting) this.tellMeeting(meeting)
    const changed = lv !== this.#lv || lobby.length !== this.#entries.length
    this.#lv = lv
    this.#entries = lobby
    if (!changed) return
    this.#teller.tell({ lv, entries: lobby })
    this.#tellPositions()
  }

  #decide(decision: LobbyDecision): void {
    const entry = this.#waiting.get(decision.participantId)
    this.#waiting.delete(decision.participantId)
    entry?.who.onDecided(decision)
  }

  #tellPositions(): void {
    for (const { participantId, position } of this.#entries) {
      const entry = this.#waiting.get(participantId)
      if (!entry || entry.position === position) continue
      entry.position = position
      entry.who.onPosition(position)
    }
  }

  /** A socket of this session has come into the room; `changes`: it takes `lobby.changed`. */
  follow(session: LocalSession, options: { changes: boolean }): void {
    this.#teller.follow(session, options)
  }

  /** Shows the queue to whoever has just become host or cohost. */
  tellModerators(): void {
    this.#teller.tellNow()
  }

  *#moderators() {
    for (const session of this.#room.locals.values()) {
      const role = this.#room.state.seats.get(session.participantId)?.participant.role
      if (role && may(role, 'admit')) yield session
    }
  }
}
