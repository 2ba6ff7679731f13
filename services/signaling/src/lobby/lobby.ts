import { may, meetingsBus, type LobbyDecision, type LobbyEntry } from '@parley/contracts'
import { ask, type Bus, type Logger } from '@parley/kit'
import { messageFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'

/** One who waits, with a socket on this node. */
export interface Waiting {
  participantId: string
  /** Tells the place in the queue; called when it is another than before. */
  onPosition(position: number): void
  onDecided(decision: LobbyDecision): void
  onFrame(frame: Buffer): void
  onEnded(): void
}

/**
 * The lobby of one room on one node: who waits here, and the queue as meetings has it written down. It is read again on each
 * hint and every 2 s while somebody waits, so that a lost hint delays an admission and loses none.
 */
export class Lobby {
  readonly #room: LiveRoom
  readonly #bus: Bus
  readonly #log: Logger
  readonly #waiting = new Map<string, { who: Waiting; position: number }>()
  #lv = -1
  #entries: readonly LobbyEntry[] = []
  #reading: Promise<void> | null = null
  #again = false

  constructor(room: LiveRoom, { bus, log }: { bus: Bus; log: Logger }) {
    this.#room = room
    this.#bus = bus
    this.#log = log
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

  add(who: Waiting, position: number): void {
    this.#waiting.set(who.participantId, { who, position })
  }

  remove(participantId: string): void {
    this.#waiting.delete(participantId)
  }

  /** Sends a frame to everybody who waits here. */
  broadcast(frame: Buffer): void {
    for (const { who } of this.#waiting.values()) who.onFrame(frame)
  }

  end(): void {
    for (const { who } of this.#waiting.values()) who.onEnded()
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
    const { lv, lobby, decided } = await ask(this.#bus, meetingsBus.lobby, {
      meetingId,
      present: [...this.#waiting.keys()],
    })
    for (const decision of decided) this.#decide(decision)
    const changed = lv !== this.#lv || lobby.length !== this.#entries.length
    this.#lv = lv
    this.#entries = lobby
    if (!changed) return
    this.tellModerators()
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

  /** Shows the queue to hosts and cohosts on this node. */
  tellModerators(): void {
    if (this.#lv < 0) return
    const frame = messageFrame({ type: 'lobby.updated', payload: { lv: this.#lv, lobby: [...this.#entries] } })
    for (const session of this.#moderators()) session.deliver(frame, null)
  }

  *#moderators() {
    for (const session of this.#room.locals.values()) {
      const role = this.#room.state.seats.get(session.participantId)?.participant.role
      if (role && may(role, 'admit')) yield session
    }
  }
}
