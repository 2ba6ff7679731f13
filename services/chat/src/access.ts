import { meetingsBus } from '@parley/contracts'
import { request, ProblemError, type Bus, type Clock } from '@parley/kit'
import type { Static } from 'typebox'

type Access = Static<typeof meetingsBus.access.output>

/**
 * The rights to a meeting's chat, as the meetings service says. All reject with its `not-found`, or
 * `unavailable`.
 */
export interface AccessCheck {
  /** For reading: also after the meeting is over. Asked each time: what is deleted, or taken back, is unreadable at once. */
  mayReadOrThrow(meetingId: string, userId: string): Promise<Access>
  /** For sending; rejects with `forbidden` or `meeting-over` too. */
  mayChatOrThrow(meetingId: string, userId: string): Promise<Access>
  /** A remembered right no longer holds. */
  forget(meetingId: string, userId: string): void
}

/**
 * Counted from the question, so that somebody who was removed is out after this long, though `forget` was never called.
 */
const keepMs = 1000
const maxKept = 10_000

/** Asks, and remembers who was let in: a refusal is asked about again each time. */
export function createAccessCheck({ bus, clock }: { bus: Bus; clock: Clock }): AccessCheck {
  const known = createMemory(clock)
  let forgotten = 0

  async function fetch(meetingId: string, userId: string): Promise<Access> {
    const [askedAt, before] = [clock.monotonic(), forgotten]
    const access = await request(bus, meetingsBus.access, { meetingId, userId })
    // An answer that was under way during a change may be from before it.
    if (before === forgotten) known.set(`${meetingId}/${userId}`, access, askedAt)
    return access
  }
  return {
    mayReadOrThrow: fetch,
    async mayChatOrThrow(meetingId, userId) {
      const remembered = known.get(`${meetingId}/${userId}`)
      const access = remembered !== undefined && maySend(remembered) ? remembered : await fetch(meetingId, userId)
      if (access.over) throw new ProblemError('meeting-over', 'The chat of a meeting that is over can only be read')
      if (!access.mayChat) throw new ProblemError('forbidden', 'You may not write in the chat of this meeting')
      return access
    },
    forget(meetingId, userId) {
      forgotten += 1
      known.delete(`${meetingId}/${userId}`)
    },
  }
}

const maySend = ({ mayChat, over }: Access): boolean => mayChat && !over

/** Entries live for a fixed time, so the oldest is about the first in the map. */
function createMemory(clock: Clock) {
  const entries = new Map<string, { access: Access; until: number }>()
  return {
    get(key: string): Access | undefined {
      const entry = entries.get(key)
      return entry !== undefined && entry.until > clock.monotonic() ? entry.access : undefined
    },
    set(key: string, access: Access, askedAt: number): void {
      entries.delete(key)
      entries.set(key, { access, until: askedAt + keepMs })
      const oldest = entries.size > maxKept ? entries.keys().next().value : undefined
      if (oldest !== undefined) entries.delete(oldest)
    },
    delete: (key: string): void => void entries.delete(key),
  }
}
