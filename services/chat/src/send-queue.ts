import type { Send } from './send.ts'

/** Sends to store in one statement. `patient`: those of one meeting, waiting for its counter. */
export interface Batch {
  sends: Send[]
  patient: boolean
}

interface Line {
  meetingId: string
  waiting: Send[]
  /** Its counter was taken or missing: it goes by itself and waits, rather than hold up others. */
  alone: boolean
}

export interface QueueLimits {
  /** Sends in one batch. */
  batch: number
  /** Sends waiting in all. */
  total: number
  /** Sends waiting for one meeting, so that a flood in one leaves room for the others. */
  perMeeting: number
}

/**
 * Sends that wait, a line per meeting. A meeting is in one batch at a time. So its messages are numbered and published in the order of
 * their arrival; meetings take turns.
 */
export function createSendQueue(limits: QueueLimits) {
  /** Meetings with somebody waiting and no batch under way, the longest waiting first. */
  const ready = new Map<string, Line>()
  /** Meetings with a batch under way. */
  const busy = new Map<string, Line>()
  let size = 0

  const lineOf = (meetingId: string): Line => {
    const known = busy.get(meetingId) ?? ready.get(meetingId)
    if (known !== undefined) return known
    const line: Line = { meetingId, waiting: [], alone: false }
    ready.set(meetingId, line)
    return line
  }
  const takeFrom = (line: Line, most: number): Send[] => {
    const taken = line.waiting.splice(0, most)
    size -= taken.length
    ready.delete(line.meetingId)
    busy.set(line.meetingId, line)
    return taken
  }
  return {
    /** False when there is no room. */
    add(send: Send): boolean {
      if (size >= limits.total) return false
      const { waiting } = lineOf(send.draft.meetingId)
      if (waiting.length >= limits.perMeeting) return false
      waiting.push(send)
      size += 1
      return true
    },
    /** The next batch, or null while nothing can go. Without `mayWait` none is patient. */
    next(mayWait: boolean): Batch | null {
      const lines = [...first(ready, limits.batch, mayWait)]
      const [head] = lines
      if (head === undefined) return null
      if (head.alone || (lines.length === 1 && mayWait)) return { sends: takeFrom(head, limits.batch), patient: true }
      const sends: Send[] = []
      for (const line of lines) {
        if (sends.length >= limits.batch) break
        if (!line.alone) sends.push(...takeFrom(line, limits.batch - sends.length))
      }
      return { sends, patient: false }
    },
    /** Ends a batch; `again` are its sends that have to be tried once more, by themselves and before later ones. */
    done(batch: Batch, again: readonly Send[]): void {
      for (const send of batch.sends) release(send.draft.meetingId)
      for (const send of again.toReversed()) {
        const line = lineOf(send.draft.meetingId)
        line.waiting.unshift(send)
        line.alone = true
        size += 1
      }
    },
    size: () => size,
  }

  function release(meetingId: string): void {
    const line = busy.get(meetingId)
    if (line === undefined) return
    busy.delete(meetingId)
    line.alone = false
    if (line.waiting.length > 0) ready.set(meetingId, line)
  }
}

function* first(ready: ReadonlyMap<string, Line>, most: number, mayWait: boolean): Generator<Line> {
  let count = 0
  for (const line of ready.values()) {
    if (line.alone && !mayWait) continue
    yield line
    count += 1
    if (count === most) return
  }
}
