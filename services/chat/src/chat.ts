import type { Message } from '@parley/contracts'
import { asProblem } from '@parley/kit'
import { inTime, requestMs } from './deadline.ts'
import { checkDraftOrThrow, messageOf, type Draft } from './message.ts'
import type { ChatMetrics } from './metrics.ts'
import { cursorAfter, type Page } from './page.ts'
import type { Sent } from './send.ts'
import { lastSeq, readPage, type ChatDb } from './store.ts'
import type { Writer } from './writer.ts'

/**
 * What the service does, whoever asks. Every call ends by its deadline; a database that is away or slow is
 * `unavailable`.
 */
export interface Chat {
  /** Rejects with `invalid-input`, `idempotency-conflict`, `unavailable`. `deadline` is of `performance.now()`. */
  send(draft: Draft, deadline?: number): Promise<Sent>
  list(meetingId: string, page: Page, deadline?: number): Promise<{ items: Message[]; nextCursor: string | null }>
  /** Number of the newest message, 0 if there is none. */
  head(meetingId: string): Promise<number>
}

/** Whoever asks for the head waits 1 s. */
const headMs = 900

export function createChat({ db, writer, metrics }: { db: ChatDb; writer: Writer; metrics: ChatMetrics }): Chat {
  return {
    async send(draft, deadline = performance.now() + requestMs) {
      checkDraftOrThrow(draft)
      return metrics.send(writer.send(draft, deadline - performance.now()))
    },
    async list(meetingId, page, deadline = performance.now() + requestMs) {
      const rows = await reading(readPage(db, meetingId, page), deadline)
      const items = rows.slice(0, page.limit).map(messageOf)
      const last = rows.length > page.limit ? items.at(-1) : undefined
      return { items, nextCursor: last === undefined ? null : cursorAfter(page, last.seq) }
    },
    head: (meetingId) => reading(lastSeq(db, meetingId), performance.now() + headMs),
  }
}

async function reading<T>(work: Promise<T>, deadline: number): Promise<T> {
  try {
    return await inTime(work, deadline)
  } catch (error) {
    throw asProblem(error) ?? error
  }
}
