import type { Message } from '@parley/contracts'

const maxKept = 5_000
const trimmedTo = 4_000
const maxAhead = 500
const maxChanged = 500

/**
 * Messages in the order of their numbers, without gaps. A message that comes too early waits for the missing ones; what is there already
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
  /** Changed messages that are not in the row: what is read of them may be of before. */
  readonly #changed = new Map<number, Message>()

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
    this.#ahead.set(seq, newer(message, this.#ahead.get(seq)))
    return this.#takeAhead()
  }

  /** Takes a message that was edited or deleted: it takes the place of its older version, now or when that comes. */
  change(message: Message): void {
    const { seq } = message
    this.note(seq)
    if (this.#replace(message)) return
    const known = this.#changed.get(seq)
    this.#changed.delete(seq)
    this.#changed.set(seq, newer(message, known))
    const oldest = this.#changed.size > maxChanged ? this.#changed.keys().next().value : undefined
    if (oldest !== undefined) this.#changed.delete(oldest)
  }

  /** Puts older messages in front; only those that join on to the row. */
  prepend(messages: readonly Message[]): void {
    const older = messages.filter(({ seq }) => seq < this.#first).toSorted((a, b) => b.seq - a.seq)
    const fitting: Message[] = []
    for (const message of older) {
      if (message.seq === this.#first - 1) {
        fitting.unshift(this.#newest(message))
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
      added.push(this.#newest(next))
    }
    if (added.length > 0) this.#messages = this.#trimmed([...this.#messages, ...added])
    return added
  }

  /** Whether the message is in the row; then in its newer version. */
  #replace(message: Message): boolean {
    const index = message.seq - this.#first
    const known = this.#messages[index]
    if (known === undefined) return false
    this.#messages = this.#messages.with(index, newer(message, known))
    return true
  }

  #newest(message: Message): Message {
    const changed = this.#changed.get(message.seq)
    this.#changed.delete(message.seq)
    return newer(message, changed)
  }

  #trimmed(messages: Message[]): Message[] {
    if (messages.length <= maxKept) return messages
    this.#first += messages.length - trimmedTo
    return messages.slice(-trimmedTo)
  }
}

/** Of two versions of a message the one that was changed last; the first if neither was. */
const newer = (one: Message, other: Message | undefined): Message =>
  other !== undefined && (other.rev ?? 0) > (one.rev ?? 0) ? other : one
