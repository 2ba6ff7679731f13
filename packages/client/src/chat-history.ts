import type { Message } from '@parley/contracts'
import { ChatLog } from './chat-log.ts'
import { backoffMs, later, type Backoff } from './time.ts'

export interface HistoryPage {
  items: readonly Message[]
}

export interface ChatHistoryDeps {
  /** `rest.listMessages` of this meeting. */
  list(query: { limit: number; afterSeq?: number; beforeSeq?: number }): Promise<HistoryPage>
  /** Something in the log changed. */
  changed(): void
  /** New messages, in order; not those of history. */
  arrived(messages: readonly Message[]): void
  report(error: unknown): void
  timing: ChatTiming
}

/** Milliseconds. `settleMs`: how long a gap may close by itself before it is filled. */
export interface ChatTiming {
  settleMs: number
  backoff: Backoff
}
export const chatTiming: ChatTiming = { settleMs: 250, backoff: { baseMs: 500, maxMs: 10_000 } }

const pageSize = 50
const fillSize = 200
/** Who missed more than this gets the newest page, and the rest by scrolling. */
const maxFill = 1_000

/** The messages of a meeting, kept complete: gaps are filled and older pages loaded from the chat's history. */
export class ChatHistory {
  readonly log: ChatLog
  readonly #deps: ChatHistoryDeps
  #filling = false
  #fillAttempt = 0
  #stopTimer = () => {}
  #older: Promise<void> | null = null
  #closed = false

  constructor(chatSeq: number, deps: ChatHistoryDeps) {
    this.log = new ChatLog(chatSeq)
    this.#deps = deps
  }

  /** A message off the wire. */
  put(message: Message): void {
    const added = this.log.put(message)
    this.#deps.changed()
    if (added.length > 0) this.#deps.arrived(added)
    this.#fillSoon()
  }

  /** The server says that message `seq` is there. */
  note(seq: number): void {
    this.log.note(seq)
    this.#fillSoon()
  }

  /** Loads the page before the oldest message. Rejects with a ParleyError. */
  loadOlder(): Promise<void> {
    if (!this.log.hasOlder) return Promise.resolve()
    this.#older ??= this.#loadPage().finally(() => {
      this.#older = null
    })
    return this.#older
  }

  close(): void {
    this.#closed = true
    this.#stopTimer()
  }

  async #loadPage(): Promise<void> {
    const { items } = await this.#deps.list({ limit: pageSize, beforeSeq: this.log.first })
    this.log.prepend(items)
    this.#deps.changed()
  }

  #fillSoon(): void {
    if (this.log.missing === 0 || this.#filling || this.#closed) return
    this.#filling = true
    const wait =
      this.#deps.timing.settleMs +
      (this.#fillAttempt === 0 ? 0 : backoffMs(this.#fillAttempt, this.#deps.timing.backoff))
    this.#stopTimer = later(wait, () => {
      this.#fill().then(
        (progress) => this.#filled(progress),
        (error: unknown) => {
          this.#deps.report(error)
          this.#filled(false)
        },
      )
    })
  }

  #filled(progress: boolean): void {
    this.#filling = false
    this.#fillAttempt = progress ? 0 : this.#fillAttempt + 1
    this.#fillSoon()
  }

  /** One page of what is missing; whether it brought us on. */
  async #fill(): Promise<boolean> {
    const { log } = this
    if (log.missing === 0) return true
    if (log.missing > maxFill) {
      log.jump(log.last + log.missing)
      this.#deps.changed()
      await this.loadOlder()
      return true
    }
    const { items } = await this.#deps.list({ limit: fillSize, afterSeq: log.last })
    const added = items.toSorted((a, b) => a.seq - b.seq).flatMap((message) => log.put(message))
    this.#deps.changed()
    if (added.length > 0) this.#deps.arrived(added)
    return added.length > 0
  }
}
