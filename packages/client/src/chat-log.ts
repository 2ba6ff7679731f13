import type { Message } from '@parley/contracts'

const maxKept = 5_000
const trimmedTo = 4_000
const maxAhead = 500

/**
 * Messages in the order of their numbers, without gaps. What comes too early waits for what is missing; what is there already
 * is dropped. Holds a bounded number: the oldest go first, and can be loaded again.
 */
export class ChatLog {
  #messages: readonly Message[] = []
  /** Number of the newest message in the row; the next to be appended is this plus one. */
  #last: number
  #first: number
  /** The newest number that we heard of. */
  #head: number
  #ahead = new Map<number, Message>()

  /** Begins behind message `chatSeq`: that and what is before it are history. */
  constructor(chatSeq: number) {
    this.#last = chatSeq
    this.#first = chatSeq + 1
    this.#head = chatSeq
  }

  get messages(): readonly Message[] {
    return this.#messages
  }
  get last(): number {
    return this.#last
  }
  /** Number of the oldest message that is here (or would be, were there one). */
  get first(): number {
    return this.#first
  }
  get hasOlder(): boolean {
    return this.#first > 1
  }
  /** How many messages are known to exist behind `last` and are not in the row. */
  get missing(): number {
    return this.#head - this.#last
  }

  /** There is a message `seq`. */
  note(seq: number): void {
    this.#head = Math.max(this.#head, seq)
  }

  /** Takes a message; answers those that are new in the row, in order: it and what waited for it, or none. */
  put(message: Message): readonly Message[] {
    const { seq } = message
    this.note(seq)
    if (seq <= this.#last) {
      this.#replace(message)
      return []
    }
    if (seq > this.#last + 1 && this.#ahead.size >= maxAhead) return []
    this.#ahead.set(seq, message)
    return this.#takeAhead()
  }

  /** Puts older messages in front; only those that join on to the row. */
  prepend(messages: readonly Message[]): void {
    const older = messages.filter(({ seq }) => seq < this.#first).toSorted((a, b) => b.seq - a.seq)
    const fitting: Message[] = []
    for (const message of older) {
      if (message.seq === this.#first - 1) {
        fitting.unshift(message)
        this.#first--
      }
    }
    this.#messages = [...fitting, ...this.#messages]
  }

  /** Lets go of everything and begins behind `seq`, when there is too much in between to be filled. */
  jump(seq: number): void {
    this.#messages = []
    this.#last = seq
    this.#first = seq + 1
    this.note(seq)
    for (const waiting of this.#ahead.keys()) if (waiting <= seq) this.#ahead.delete(waiting)
    this.#takeAhead()
  }

  #takeAhead(): readonly Message[] {
    const added: Message[] = []
    for (let next = this.#ahead.get(this.#last + 1); next; next = this.#ahead.get(this.#last + 1)) {
      this.#ahead.delete(next.seq)
      this.#last = next.seq
      added.push(next)
    }
    if (added.length > 0) this.#messages = this.#trimmed([...this.#messages, ...added])
    return added
  }

  #replace(message: Message): void {
    const index = message.seq - this.#first
    if (this.#messages[index] === undefined) return
    this.#messages = this.#messages.with(index, message)
  }

  #trimmed(messages: Message[]): Message[] {
    if (messages.length <= maxKept) return messages
    this.#first += messages.length - trimmedTo
    return messages.slice(-trimmedTo)
  }
}
