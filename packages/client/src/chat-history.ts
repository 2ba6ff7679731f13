import type { Message } from '@parley/contracts'
import { ChatChanges } from './chat-changes.ts'
import { ChatLog } from './chat-log.ts'
import { Repair, type RepairTiming } from './repair.ts'

/** The bounds of `rest.listMessages` that are of use here. */
export interface HistoryQuery {
  limit: number
  afterSeq?: number
  beforeSeq?: number
  changedSince?: number
}
export interface HistoryPage {
  items: readonly Message[]
}

export interface ChatHistoryDeps {
  /** `rest.listMessages` of this meeting. */
  list(query: HistoryQuery): Promise<HistoryPage>
  /** Something in the log changed. */
  changed(): void
  /** New messages, in order; not those of history. */
  arrived(messages: readonly Message[]): void
  report(error: unknown): void
  timing: RepairTiming
}

/** Where a chat is: the numbers of its newest message, and of its newest edit or deletion. */
export interface ChatHead {
  chatSeq: number
  /** Absent: the server does not tell. */
  chatRev?: number
}

export const chatTiming: RepairTiming = { settleMs: 250, backoff: { baseMs: 500, maxMs: 10_000 } }

const pageSize = 50
const fillSize = 200
/** A client that missed more than this gets the newest page, and the rest by scrolling. */
const maxFill = 1_000

/** The messages of a meeting, kept complete: gaps are filled, missed changes and older pages loaded from the history. */
export class ChatHistory {
  readonly log: ChatLog
  readonly #deps: ChatHistoryDeps
  readonly #changes: ChatChanges
  readonly #filling: Repair
  readonly #updating: Repair
  #older: Promise<void> | null = null

  constructor({ chatSeq, chatRev = 0 }: ChatHead, deps: ChatHistoryDeps) {
    const { report, timing } = deps
    this.log = new ChatLog(chatSeq)
    this.#changes = new ChatChanges(chatRev)
    this.#deps = deps
    this.#filling = new Repair({ needed: () => this.log.missing > 0, mend: () => this.#fill(), report, timing })
    this.#updating = new Repair({ needed: () => this.#changes.missing, mend: () => this.#update(), report, timing })
  }

  /** A message off the wire. */
  put(message: Message): void {
    const added = this.log.put(message)
    this.#deps.changed()
    if (added.length > 0) this.#deps.arrived(added)
    this.#filling.check()
  }

  /** A message that was edited or deleted, off the wire. */
  change(message: Message): void {
    this.#changes.take(message.rev ?? 0)
    this.#changeAll([message])
    this.#updating.check()
    this.#filling.check()
  }

  /** The server says how far the chat is. */
  note({ chatSeq, chatRev = 0 }: ChatHead): void {
    this.log.note(chatSeq)
    this.#changes.note(chatRev)
    this.#filling.check()
    this.#updating.check()
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
    this.#filling.close()
    this.#updating.close()
  }

  async #loadPage(): Promise<void> {
    const { items } = await this.#deps.list({ limit: pageSize, beforeSeq: this.log.first })
    this.log.prepend(items)
    this.#deps.changed()
  }

  #changeAll(messages: readonly Message[]): void {
    for (const message of messages) this.log.change(message)
    this.#deps.changed()
  }

  /** One page of the messages that are missing. */
  async #fill(): Promise<boolean> {
    const { log } = this
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

  /** One page of the changes that are missing: they come in order, a message changed twice only as it is now. */
  async #update(): Promise<boolean> {
    const { applied } = this.#changes
    const { items } = await this.#deps.list({ limit: fillSize, changedSince: applied })
    this.#changeAll(items)
    this.#filling.check()
    this.#changes.reach(Math.max(applied, ...items.map(({ rev = 0 }) => rev)))
    return this.#changes.applied > applied
  }
}
