import { ProblemError, type Clock, type Kv } from '@parley/kit'

export interface FloodLimit {
  /** Counts a message of `senderId` in a meeting; rejects with `rate-limited` and `retryAfterMs`. */
  takeOrThrow(meetingId: string, senderId: string): Promise<void>
}

interface FloodOptions {
  kv: Pick<Kv, 'limiter'>
  clock: Clock
  /** So many messages per window; 0: no limit. */
  messages: number
  /** Length of the window. */
  seconds: number
}

/** The first messages of a window are counted here alone: nearly everybody stays below, and costs no way to the store. */
const countedHere = 3
const maxKeys = 50_000

/** How many messages one person may send to one meeting, over all replicas; each adds at most `countedHere` to it. */
export function createFloodLimit({ kv, clock, messages, seconds }: FloodOptions): FloodLimit {
  const shared = kv.limiter({ name: 'chat-sends', points: messages, seconds })
  const here = createWindows(clock, seconds * 1000)
  const free = Math.min(countedHere, messages - 1)
  return {
    async takeOrThrow(meetingId, senderId) {
      if (messages === 0) return
      const key = `${meetingId}/${senderId}`
      const count = here.count(key)
      if (count <= free) return
      // The first that is told tells of those before it too.
      const { allowed, retryAfterMs } = await shared.take(key, count === free + 1 ? count : 1)
      if (!allowed)
        throw new ProblemError('rate-limited', 'You are sending faster than others can read: wait a moment', {
          retryAfterMs,
        })
    },
  }
}

/** Counters whose window begins with the first event; in the order their windows end, as all last equally long. */
function createWindows(clock: Clock, lengthMs: number) {
  const windows = new Map<string, { used: number; until: number }>()
  const open = (key: string, now: number) => {
    windows.delete(key)
    const oldest = windows.size >= maxKeys ? windows.keys().next().value : undefined
    if (oldest !== undefined) windows.delete(oldest)
    const window = { used: 0, until: now + lengthMs }
    windows.set(key, window)
    return window
  }
  return {
    /** The number of this event in its window, from 1. */
    count(key: string): number {
      const now = clock.monotonic()
      const known = windows.get(key)
      const window = known !== undefined && known.until > now ? known : open(key, now)
      window.used += 1
      return window.used
    },
  }
}
