import { chatBus, type Message } from '@parley/contracts'
import { request, type Bus, type Logger } from '@parley/kit'

export interface ChatDeps {
  bus: Bus
  log: Logger
  meetingId: string
}

export interface TailEntry {
  number: number
  data: string
}

const pageSize = 50
const maxEntries = 256
const maxBytes = 262_144

/** Messages after a number, as the chat service has them. Rejects with its problem. */
export async function readAfter({ bus, meetingId }: ChatDeps, by: 'seq' | 'rev', number: number): Promise<TailEntry[]> {
  const { messages } = await request(bus, chatBus.after, { meetingId, by, number, limit: pageSize })
  return messages.map((message) => entryOf(by, message))
}

const entryOf = (by: 'seq' | 'rev', message: Message): TailEntry => ({
  number: message[by] ?? 0,
  data: JSON.stringify({ message }),
})

/**
 * The newest messages (or, by `rev`, changes of messages) of a meeting, in order and without gaps: what the bus did not tell is
 * read from the chat service.
 */
export class ChatTail {
  readonly #deps: ChatDeps
  readonly #by: 'seq' | 'rev'
  readonly #onMore: () => void
  #entries: TailEntry[] = []
  #bytes = 0
  /** All after this number are in `entries`. */
  #floor = 0
  #head = 0
  #begun = false
  /** The largest number heard of. */
  #known = 0
  #filling: Promise<void> | null = null

  constructor(deps: ChatDeps, { by, onMore }: { by: 'seq' | 'rev'; onMore: () => void }) {
    this.#deps = deps
    this.#by = by
    this.#onMore = onMore
  }

  get head(): number {
    return this.#head
  }

  /** Begins at a number that the chat service gave. */
  begin(head: number): void {
    this.#floor = head
    this.#head = head
    this.#begun = true
    this.reach(head)
  }

  /** Whether all after a number is here; otherwise it has to be read from the chat service. */
  remembers(number: number): boolean {
    return number >= this.#floor
  }

  /** The messages after a number that it remembers, if there are more. */
  after(number: number): TailEntry | null {
    let found: TailEntry | null = null
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]
      if (entry === undefined || entry.number <= number) break
      found = entry
    }
    return found
  }

  /** A message that the bus tells of. */
  hear(message: Message): void {
    const entry = entryOf(this.#by, message)
    if (this.#begun && entry.number === this.#head + 1 && this.#filling === null) {
      this.#push(entry)
      this.#onMore()
    }
    this.reach(entry.number)
  }

  /** There are messages up to this number: those that are missing are read. */
  reach(number: number): void {
    this.#known = Math.max(this.#known, number)
    if (!this.#begun || this.#known <= this.#head) return
    this.#filling ??= this.#fill().finally(() => (this.#filling = null))
  }

  /** Resolves when nothing is being read. */
  async settled(): Promise<void> {
    await this.#filling
  }

  /** Reads what is missing. Never rejects: the next number that is heard of tries again. */
  async #fill(): Promise<void> {
    try {
      while (this.#known > this.#head) {
        const upTo = this.#known
        const entries = await readAfter(this.#deps, this.#by, this.#head)
        for (const entry of entries) this.#push(entry)
        this.#onMore()
        // A message that the chat service does not have is not there.
        if (entries.length === 0 && this.#known === upTo) this.#known = this.#head
      }
    } catch (err) {
      this.#deps.log.warn({ err, meetingId: this.#deps.meetingId }, 'chat could not be read for event streams')
    }
  }

  #push(entry: TailEntry): void {
    if (entry.number <= this.#head) return
    this.#entries.push(entry)
    this.#bytes += entry.data.length
    this.#head = entry.number
    while (this.#entries.length > maxEntries || this.#bytes > maxBytes) {
      const oldest = this.#entries.shift()
      this.#bytes -= oldest?.data.length ?? 0
      this.#floor = oldest?.number ?? this.#head
    }
  }
}
