import type { FileReference, Message, Problem } from '@parley/contracts'
import type { PendingMessage } from './api.ts'
import { newId } from './ids.ts'
import { localError, ParleyError, problemOf } from './problem.ts'
import { backoffMs, pause, type Backoff } from './time.ts'

export interface ChatOutboxDeps {
  /** `chat.send` over whatever connection there is; resolves once the server has stored the message. */
  send(message: OutgoingMessage): Promise<Message>
  changed(): void
  /** True when the room is over: what waits is given up. */
  over(): boolean
  backoff: Backoff
}

/** The messages to send, under the id that makes it one message however often it is sent. */
export interface OutgoingMessage {
  clientMessageId: string
  text: string
  file: FileReference | null
}

interface OutboxEntry extends PendingMessage {
  settle(message: Message | null): void
}

const maxPending = 100
/** However long the chat was away, what waits is tried within 5 s of its return. */
const longestBackoffMs = 4_000
/** Within this, once a message of somebody else shows that the chat works: not all who wait in the same instant. */
const soonMs = 500

/**
 * Messages on their way. One is sent at a time, to keep their order. It goes under the same `clientMessageId` until it is
 * accepted or refused for good; refused ones stay to be shown, and can be tried again.
 */
export class ChatOutbox {
  readonly #deps: ChatOutboxDeps
  readonly #stop = new AbortController()
  /** Ends a wait early. */
  #wake = new AbortController()
  #entries: readonly OutboxEntry[] = []
  #pending: readonly PendingMessage[] = []
  #sending = false

  constructor(deps: ChatOutboxDeps) {
    this.#deps = deps
  }

  get pending(): readonly PendingMessage[] {
    return this.#pending
  }

  /** Resolves to the stored message, to null when it was refused for good; rejects with `rate-limited` when too many wait. */
  add(text: string, file: FileReference | null = null): Promise<Message | null> {
    return this.#enqueue({ clientMessageId: newId(), text, file })
  }

  /** Tries a refused one again. */
  async retry(clientMessageId: string): Promise<void> {
    const entry = this.#entries.find((e) => e.clientMessageId === clientMessageId && e.problem !== null)
    if (!entry) return
    this.#remove(clientMessageId)
    await this.#enqueue({ clientMessageId, text: entry.text, file: entry.file })
  }

  /** The message was seen in the room, so it is stored, whatever became of its answer; and the chat works. */
  seen(message: Message): void {
    const entry = this.#entries.find(({ clientMessageId }) => clientMessageId === message.clientMessageId)
    if (!entry) return this.#wake.abort()
    this.#remove(entry.clientMessageId)
    entry.settle(message)
  }

  close(): void {
    this.#stop.abort()
    this.#wake.abort()
  }

  #enqueue(message: OutgoingMessage): Promise<Message | null> {
    if (this.#entries.length >= maxPending)
      return Promise.reject(localError('rate-limited', 'Too many messages wait to be sent'))
    return new Promise((settle) => {
      this.#set([...this.#entries, { ...message, problem: null, delayed: null, settle }])
      if (!this.#sending) void this.#sendAll()
    })
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    for (let entry = this.#next(); entry; entry = this.#next()) await this.#sendOne(entry)
    this.#sending = false
  }

  #next(): OutboxEntry | undefined {
    return this.#entries.find(({ problem }) => problem === null)
  }

  /** Never rejects. */
  async #sendOne({ clientMessageId, text, file }: OutboxEntry): Promise<void> {
    for (let attempt = 1; this.#isWaiting(clientMessageId);) {
      try {
        this.seen(await this.#deps.send({ clientMessageId, text, file }))
      } catch (error) {
        const problem = problemOf(error)
        const mayPass = error instanceof ParleyError && problem.retryable && !this.#deps.over()
        if (!mayPass) return this.#refuse(clientMessageId, problem)
        this.#replace(clientMessageId, { delayed: problem })
        await this.#rest(problem, attempt)
        // To be told to wait is no failure: after that the message goes.
        if (!isToldToWait(problem)) attempt++
      }
    }
  }

  async #rest(problem: Problem, attempt: number): Promise<void> {
    const waitMs = waitAfter(problem, attempt, this.#deps.backoff)
    if (isToldToWait(problem)) return pause(waitMs, this.#stop.signal)
    this.#wake = new AbortController()
    await pause(waitMs, this.#wake.signal)
    if (this.#wake.signal.aborted) await pause(Math.random() * Math.min(soonMs, waitMs), this.#stop.signal)
  }

  #isWaiting(clientMessageId: string): boolean {
    return this.#entries.some((entry) => entry.clientMessageId === clientMessageId && entry.problem === null)
  }

  #refuse(clientMessageId: string, problem: PendingMessage['problem']): void {
    const entry = this.#entries.find((e) => e.clientMessageId === clientMessageId)
    this.#replace(clientMessageId, { problem, delayed: null })
    entry?.settle(null)
  }

  #replace(clientMessageId: string, change: Partial<OutboxEntry>): void {
    this.#set(this.#entries.map((e) => (e.clientMessageId === clientMessageId ? { ...e, ...change } : e)))
  }

  #remove(clientMessageId: string): void {
    this.#set(this.#entries.filter((entry) => entry.clientMessageId !== clientMessageId))
  }

  #set(entries: readonly OutboxEntry[]): void {
    this.#entries = entries
    this.#pending = entries.map(({ settle: _settle, ...shown }) => shown)
    this.#deps.changed()
  }
}

const isToldToWait = ({ code, retryAfterMs }: Problem): boolean => code === 'rate-limited' && retryAfterMs !== undefined

/** Milliseconds; a limit says how long. A little is added, so that not all who wait come back in the same instant. */
const waitAfter = (problem: Problem, attempt: number, backoff: Backoff): number =>
  (problem.retryAfterMs ?? 0) + Math.min(longestBackoffMs, backoffMs(isToldToWait(problem) ? 1 : attempt, backoff))
