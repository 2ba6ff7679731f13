import { asProblem, isUniqueViolation, ProblemError, type Bus, type Logger } from '@parley/kit'
import { announce } from './announce.ts'
import { keyOfRow, messageOf, rowOf, type MessageDraft } from './message.ts'
import type { ChatMetrics } from './metrics.ts'
import { createSend, type Send, type Sent } from './send.ts'
import { createSendQueue, type Batch } from './send-queue.ts'
import { append, type ChatDb, type StoredRow } from './store.ts'

export interface WriterDeps {
  db: ChatDb
  bus: Bus
  log: Logger
  metrics: ChatMetrics
}

export interface Writer {
  /**
   * Stores a message and then tells the room, again if it was there already. Rejects with `idempotency-conflict` when the same id was used for another
   * text, and with `unavailable` when it is not known to be stored within `timeoutMs`.
   */
  send(draft: MessageDraft, timeoutMs: number): Promise<Sent>
  /** Sends that wait for a batch. */
  waiting(): number
  /** Refuses new sends and resolves when none is left. */
  stop(): Promise<void>
}

/** Statements under way at once: enough to overlap their flushes, and the pool keeps connections for reading. */
const maxRunning = 4
/** Those of them that may wait for a counter which another process holds. */
const maxPatient = 3
const limits = { batch: 200, total: 2000, perMeeting: 1000 }

/** Group commit: the sends that arrive while statements are under way share the next one. */
export function createWriter(deps: WriterDeps): Writer {
  const queue = createSendQueue(limits)
  const running = new Set<Promise<void>>()
  let patient = 0
  let planned = false
  let stopped = false

  /** After the callbacks of this turn, so that what arrives together is stored together. */
  const plan = (): void => {
    if (planned) return
    planned = true
    setImmediate(() => {
      planned = false
      start()
    })
  }
  const start = (): void => {
    while (running.size < maxRunning) {
      const batch = queue.next(patient < maxPatient)
      if (batch === null) return
      if (batch.patient) patient += 1
      const run = store(deps, batch).then((again) => {
        if (batch.patient) patient -= 1
        running.delete(run)
        queue.done(batch, again)
        start()
      })
      running.add(run)
    }
  }
  return {
    async send(draft, timeoutMs) {
      if (stopped) throw new ProblemError('unavailable', 'This server is stopping')
      const { send, outcome } = createSend(draft, timeoutMs)
      if (queue.add(send)) plan()
      else send.reject(new ProblemError('unavailable', 'Too many messages are waiting to be stored'))
      return outcome
    },
    waiting: queue.size,
    async stop() {
      stopped = true
      start()
      while (running.size > 0) await Promise.race(running)
    },
  }
}

/**
 * Stores a batch and settles its sends; never rejects. Resolves with the sends to try again, each meeting by itself.
 */
async function store(deps: WriterDeps, batch: Batch): Promise<Send[]> {
  const sends = batch.sends.filter((send) => !send.settled)
  if (sends.length === 0) return []
  const byKey = Map.groupBy(sends, ({ key }) => key)
  const rows = [...byKey.values()].flatMap(([first]) => (first === undefined ? [] : [rowOf(first.draft)]))
  const startedAt = performance.now()
  try {
    const stored = await append(deps.db, rows, batch.patient ? 'wait' : 'skip')
    deps.metrics.batch(rows.length, performance.now() - startedAt)
    announceAll(deps, stored)
    for (const row of stored) settle(byKey.get(keyOfRow(row)) ?? [], row)
    const done = new Set(stored.map(keyOfRow))
    return sends.filter(({ key }) => !done.has(key))
  } catch (error) {
    return failed(deps, batch, { sends, error })
  }
}

/** In the order of the numbers; what was there already is told again. */
function announceAll(deps: WriterDeps, stored: readonly StoredRow[]): void {
  for (const row of stored.toSorted((one, other) => one.seq - other.seq))
    announce(deps, 'chat.message', { meetingId: row.meeting_id, message: messageOf(row), again: !row.created })
}

/**
 * Several sends of one key: the first made it, unless it was there; they all get it, if they say the same. Of one that was
 * changed since nobody knows any more what it said.
 */
function settle(sends: readonly Send[], row: StoredRow): void {
  const message = messageOf(row)
  for (const [index, send] of sends.entries()) {
    if (row.rev > 0 || saysTheSame(row, send.draft)) send.resolve({ message, created: row.created && index === 0 })
    else send.reject(new ProblemError('idempotency-conflict', 'This clientMessageId was used for another text'))
  }
}

const saysTheSame = (row: StoredRow, { text, file }: MessageDraft): boolean =>
  row.text === (text ?? null) && row.file?.id === file?.id

/** A statement that failed stored nothing, or its answer was lost: both are `unavailable`. */
function failed({ log }: WriterDeps, batch: Batch, { sends, error }: { sends: Send[]; error: unknown }): Send[] {
  const problem = asProblem(error)
  if (isUniqueViolation(error, 'messages_client_id')) return sends
  // One meeting's fault is not to be the others': each by itself now.
  if (!batch.patient && problem === null) return sends
  if (problem === null) log.error({ err: error, messages: sends.length }, 'cannot store messages')
  else log.warn({ err: problem, messages: sends.length }, 'cannot store messages')
  for (const send of sends) send.reject(problem ?? new ProblemError('internal'))
  return []
}
