import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** An answer, kept so that it can be given again; a long text is put together anew. */
export interface Answer {
  readonly length: number
  text(): string
}

type Answering = Promise<Answer | null>

interface Kept {
  answering: Answering
  /** Once it is known. */
  answer?: Answer | null
  /** Tells the request from another one with the same id. */
  print: string
  /** Counts the sockets that the session has had. */
  socket: number
}

export interface HandedAnswer {
  requestId: string
  print: string
  text: string
}

const maxAnswers = 64
/** All that is kept of a session, in characters of the answers; the oldest go first. */
const maxKept = 32_768
/** Larger answers are made anew when a client asks again. So a session keeps little. */
const maxKeptLength = 16_384
/** A longer answer to what entered a room is kept for a while only: an idle session is to cost little. */
const maxKeptForever = 512
const keepMs = 15_000
/** Answers for another node fit into one message of the bus. */
const maxHandedLength = 128 * 1_024
const handOverWaitMs = 100

const printedBytes = 1_024

/** A hash of a request's frame. Enough to tell requests apart that a client numbered anew after it came back. */
export const printOf = (data: Buffer): string =>
  `${data.length}.${hash('sha1', data.subarray(0, printedBytes), 'base64url')}`

/**
 * The latest answers of a session, by request id: a repeated request repeats the answer, not the act, also on the session's next
 * socket and node. A client that numbers its requests anew on each socket is told apart by what it asks.
 */
export class Answers {
  /** The oldest first. */
  readonly #all = new Map<string, Kept>()
  /** The long one that is kept for a while only. */
  #passing: { requestId: string; until: number } | null = null
  #socket = 0
  /** Those that have taken these over. */
  #heir: Answers | null = null

  /** The answer to this request, if it was made before. */
  get(requestId: string, print: string): Answering | undefined {
    const kept = this.#all.get(requestId)
    return kept && (kept.socket === this.#socket || kept.print === print) ? kept.answering : undefined
  }

  /** Keeps an answer from the moment on that its request is worked on. `entering`: to a request that changes what the session is. */
  keep(
    { requestId, print }: { requestId: string; print: string },
    answering: Answering,
    { entering, now }: { entering: boolean; now: number },
  ): void {
    const kept: Kept = { answering, print, socket: this.#socket }
    this.#add(requestId, kept)
    void answering.then((answer) => {
      kept.answer = answer
      const owner = this.#heir ?? this
      const length = answer?.length ?? 0
      // The answer that entered a room stays while its client may ask again: made anew it would be another act, and is refused as one.
      if (entering && length > maxKeptForever) owner.#passing = { requestId, until: now + keepMs }
      else if (length > maxKeptLength) owner.#all.delete(requestId)
      owner.#shrink()
    })
  }

  /** Forgets a long answer whose time is over; called on a timer with the monotonic time. */
  forgetPassing(now: number): void {
    if (this.#passing === null || now < this.#passing.until) return
    this.#all.delete(this.#passing.requestId)
    this.#passing = null
  }

  /** The session's next socket, with what was answered on it before it became the session's. */
  adopt(others: Answers): void {
    this.#socket += 1
    others.#heir = this
    for (const [requestId, kept] of others.#all) {
      kept.socket = this.#socket
      this.#add(requestId, kept)
    }
    this.#passing = others.#passing ?? this.#passing
  }

  /** Takes on what another node kept for this session. */
  adoptTexts(handed: readonly HandedAnswer[]): void {
    for (const { requestId, print, text } of handed) {
      const answer = { length: text.length, text: () => text }
      if (!this.#all.has(requestId)) {
        const answering = Promise.resolve(answer)
        this.#add(requestId, { answering, answer, print, socket: this.#socket - 1 })
      }
    }
  }

  /** The answers as texts, the newest as far as they fit. Requests in progress are waited for, but not for long. */
  async handOver(): Promise<HandedAnswer[]> {
    await Promise.race([Promise.all([...this.#all.values()].map(({ answering }) => answering)), sleep(handOverWaitMs)])
    const handed: HandedAnswer[] = []
    let length = 0
    for (const [requestId, { answer, print }] of [...this.#all].reverse()) {
      if (!answer || answer.length > maxKeptLength) continue
      length += answer.length
      if (length > maxHandedLength) break
      handed.unshift({ requestId, print, text: answer.text() })
    }
    return handed
  }

  /** How long the answers are that are kept. */
  get length(): number {
    return [...this.#all.values()].reduce((sum, { answer }) => sum + (answer?.length ?? 0), 0)
  }

  /** Forgets the oldest, but what entered the room: its client may still ask for it. */
  #shrink(): void {
    let over = this.length - maxKept
    for (const [requestId, { answer }] of this.#all) {
      if (over <= 0) return
      if (!answer || requestId === this.#passing?.requestId) continue
      over -= answer.length
      this.#all.delete(requestId)
    }
  }

  #add(requestId: string, kept: Kept): void {
    this.#all.delete(requestId)
    this.#all.set(requestId, kept)
    const [oldest] = this.#all.keys()
    if (this.#all.size > maxAnswers && oldest !== undefined) this.#all.delete(oldest)
  }
}
