import { signalingBus, type Meeting, type ShownParticipant } from '@parley/contracts'
import { request, type Bus, type Clock } from '@parley/kit'

/** A room as signaling has it: who is there, and what of them is shown. */
export interface Shown {
  /** Null: there is no such room. */
  meeting: Meeting | null
  ended: boolean
  people: ShownParticipant[]
}

/** Reads who is in rooms. Each call rejects with `unavailable` or `deadline-exceeded` when that is not known. */
export interface Rosters {
  /** As it is now. */
  now(meetingId: string): Promise<Shown>
  /** As it was at most `ageMs` ago. */
  recent(meetingId: string, ageMs: number): Promise<Shown>
}

const maxKept = 2_000

export function createRosters({ bus, clock }: { bus: Bus; clock: Clock }): Rosters {
  const kept = new Map<string, { at: number; shown: Promise<Shown> }>()
  function now(meetingId: string): Promise<Shown> {
    const shown = request(bus, signalingBus.shown, { meetingId })
    const entry = { at: clock.monotonic(), shown }
    kept.delete(meetingId)
    kept.set(meetingId, entry)
    const [oldest] = kept.keys()
    if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
    // A question that failed is asked again.
    shown.catch(() => {
      if (kept.get(meetingId) === entry) kept.delete(meetingId)
    })
    return shown
  }
  return {
    now,
    recent(meetingId, ageMs) {
      const found = kept.get(meetingId)
      return found !== undefined && clock.monotonic() - found.at <= ageMs ? found.shown : now(meetingId)
    },
  }
}
