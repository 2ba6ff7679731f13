import type { Meeting, Participant, RoomDelta, RoomSnapshot, ServerMessage } from '@parley/contracts'
import { protocolFold } from '../histories/fold.ts'
import type { WireMessage } from './sockets.ts'

interface Folded {
  v: number
  meeting: Meeting
  participants: Map<string, Participant>
}

const fold = protocolFold as unknown as {
  from(snapshot: RoomSnapshot): Folded
  apply(view: Folded, message: ServerMessage): Folded
}
const versioned = new Set([
  'participant.joined',
  'participant.updated',
  'participant.left',
  'media.changed',
  'hand.changed',
  'meeting.updated',
])

/** A room as a client has it, out of what it is sent: as the protocol tells clients to. */
export class ClientView {
  #folded: Folded

  constructor(snapshot: RoomSnapshot) {
    this.#folded = fold.from(snapshot)
  }

  get v(): number {
    return this.#folded.v
  }

  get participants(): ReadonlyMap<string, Participant> {
    return this.#folded.participants
  }

  get meeting(): Meeting {
    return this.#folded.meeting
  }

  /** `gap`: something before it was missed. `back`: the version went back, which none ever does. */
  take({ type, payload }: WireMessage): 'taken' | 'ignored' | 'gap' | 'back' {
    const { v } = payload as { v?: number }
    if (v === undefined) return 'ignored'
    if (type === 'ping') return v > this.v ? 'gap' : 'ignored'
    if (type === 'room.snapshot') return this.#snapshot(payload as unknown as RoomSnapshot)
    if (type === 'room.delta') return this.#delta(payload as unknown as RoomDelta)
    if (!versioned.has(type) || v <= this.v) return 'ignored'
    if (v > this.v + 1) return 'gap'
    this.#apply(type, payload)
    return 'taken'
  }

  #snapshot(snapshot: RoomSnapshot): 'taken' | 'back' {
    const isBack = snapshot.v < this.v
    this.#folded = fold.from(snapshot)
    return isBack ? 'back' : 'taken'
  }

  #delta(delta: RoomDelta): 'taken' | 'ignored' {
    if (delta.v < this.v) return 'ignored'
    this.#apply('room.delta', delta)
    return 'taken'
  }

  #apply(type: string, payload: object): void {
    this.#folded = fold.apply(this.#folded, { type, payload } as ServerMessage)
  }
}
