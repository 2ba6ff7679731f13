import type { Message } from '@parley/contracts'
import { asProblem } from '@parley/kit'
import type { Attachments, Wish } from './attachments.ts'
import type { Changer, Deletion, Edit } from './change.ts'
import { inTime, requestMs } from './deadline.ts'
import type { FloodLimit } from './flood.ts'
import { checkDraftOrThrow, checkTextOrThrow, messageOf, noticeOf, type MessageDraft, type Notice } from './message.ts'
import type { ChatMetrics } from './metrics.ts'
import { cursorAfter, type Page } from './page.ts'
import type { Sent } from './send.ts'
import { readHead, readHeads, readPage, type ChatDb, type Head } from './store.ts'
import type { Writer } from './writer.ts'

/**
 * The operations of the service, for REST and the bus. Every call ends by its deadline (of `performance.now()`); a database that is away
 * or slow is `unavailable`.
 */
export interface Chat {
  /** Rejects with `invalid-input`, `idempotency-conflict`, `rate-limited`, `unavailable`; for its file `not-found`, `wrong-state`. */
  send(wish: Wish, deadline?: number): Promise<Sent>
  /** A service says something; rejects with `invalid-input`, `unavailable`. */
  notice(meetingId: string, notice: Notice): Promise<Message>
  /** Rejects with `invalid-input`, `not-found`, `forbidden`, `wrong-state`, `rate-limited`, `unavailable`. */
  edit(edit: Edit, deadline?: number): Promise<Message>
  /** Rejects with `not-found`, `forbidden`, `unavailable`. */
  delete(deletion: Deletion, deadline?: number): Promise<Message>
  list(meetingId: string, page: Page, deadline?: number): Promise<{ items: Message[]; nextCursor: string | null }>
  /** Numbers of the newest message and of the newest change, 0 if there is none. */
  head(meetingId: string): Promise<{ seq: number; rev: number }>
  /** The same of many meetings; those without messages are left out. */
  heads(meetingIds: readonly string[]): Promise<Head[]>
}

export interface ChatDeps {
  db: ChatDb
  attachments: Attachments
  writer: Writer
  changer: Changer
  flood: FloodLimit
  metrics: ChatMetrics
}

/** A caller waits 1 s for the head. */
const headMs = 900
const inRequestTime = (): number => performance.now() + requestMs

export function createChat({ db, attachments, writer, changer, flood, metrics }: ChatDeps): Chat {
  const store = (draft: MessageDraft, deadline: number): Promise<Sent> => {
    checkDraftOrThrow(draft)
    return writer.send(draft, deadline - performance.now())
  }
  return {
    send: (wish, deadline = inRequestTime()) =>
      metrics.send(async () => {
        await flood.takeOrThrow(wish.meetingId, wish.sender.id)
        return store(await answered(attachments.draftOf(wish), deadline), deadline)
      }),
    notice: async (meetingId, notice) =>
      (await metrics.send(async () => store(noticeOf(meetingId, notice), inRequestTime()))).message,
    edit: (edit, deadline = inRequestTime()) =>
      metrics.change('edit', async () => {
        checkTextOrThrow(edit.text)
        await flood.takeOrThrow(edit.meetingId, edit.userId)
        return answered(changer.edit(edit), deadline)
      }),
    delete: (deletion, deadline = inRequestTime()) =>
      metrics.change('delete', async () => {
        const message = await answered(changer.delete(deletion), deadline)
        attachments.kick()
        return message
      }),
    async list(meetingId, page, deadline = inRequestTime()) {
      const rows = await answered(readPage(db, meetingId, page), deadline)
      const shown = rows.slice(0, page.limit)
      const last = rows.length > page.limit ? shown.at(-1) : undefined
      return { items: shown.map(messageOf), nextCursor: last === undefined ? null : cursorAfter(page, last) }
    },
    head: (meetingId) => answered(readHead(db, meetingId), performance.now() + headMs),
    heads: (meetingIds) => answered(readHeads(db, meetingIds), performance.now() + headMs),
  }
}

async function answered<T>(work: Promise<T>, deadline: number): Promise<T> {
  try {
    return await inTime(work, deadline)
  } catch (error) {
    throw asProblem(error) ?? error
  }
}
