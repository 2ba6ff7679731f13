import type { RoomChange, MeetingEvent } from '@parley/contracts'
import { apply, render } from '../room/apply.ts'
import { deltaBetween, draft, type RoomState } from '../room/state.ts'

/** The events of a room between two versions. Without an event there is nothing to tell. */
export interface RingEntry {
  from: number
  v: number
  event: { type: MeetingEvent['type']; data: string } | null
}

const maxEntries = 512
const maxBytes = 262_144

/** The newest events of a room, rendered, without gaps; bounded in number and bytes. */
export class RoomRing {
  #entries: RingEntry[] = []
  #bytes = 0
  #state: RoomState

  constructor(state: RoomState) {
    this.#state = state
  }

  get state(): RoomState {
    return this.#state
  }

  /** The events after version `v`; null when they are not remembered. */
  after(v: number): RingEntry | null {
    const oldest = this.#entries[0]
    if (oldest === undefined || v < oldest.from) return null
    let found: RingEntry | null = null
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]
      if (entry === undefined || entry.v <= v) break
      found = entry
    }
    return found
  }

  /** The room is another than before, by these changes as far as they are known. */
  moveTo(next: RoomState, changes: readonly RoomChange[]): void {
    const before = this.#state
    if (next === before) return
    if (next.epoch !== before.epoch || next.v < before.v) this.#entries = []
    else if (before.v + changes.length === next.v) this.#pushChanges(before, changes)
    else this.#pushDelta(before, next)
    this.#state = next
    this.#trim()
  }

  #pushChanges(before: RoomState, changes: readonly RoomChange[]): void {
    const room = draft(before)
    for (const change of changes) {
      const from = room.v
      apply(room, change)
      this.#push({ from, v: room.v, event: visible(change) ? eventOf(render(change, room)) : null })
    }
  }

  #pushDelta(before: RoomState, next: RoomState): void {
    const event =
      next.ended === null
        ? eventOf({ type: 'room.delta', payload: deltaBetween(before, next) })
        : eventOf({ type: 'room.ended', payload: { reason: next.ended } })
    this.#push({ from: before.v, v: next.v, event })
  }

  #push(entry: RingEntry): void {
    this.#entries.push(entry)
    this.#bytes += entry.event?.data.length ?? 0
  }

  #trim(): void {
    if (this.#entries.length === 0) this.#bytes = 0
    while (this.#entries.length > maxEntries || this.#bytes > maxBytes)
      this.#bytes -= this.#entries.shift()?.event?.data.length ?? 0
  }
}

/** Where a session is concerns nobody; the meeting itself is told by its own number, once. */
const visible = (change: RoomChange): boolean =>
  change.kind === 'seat'
    ? change.connection !== undefined || change.role !== undefined || change.name !== undefined
    : change.kind !== 'meeting'

const eventOf = ({ type, payload }: { type: string; payload: unknown }): RingEntry['event'] => ({
  type: type as MeetingEvent['type'],
  data: JSON.stringify(payload),
})
