import { headBytes, writeRecords, type LinkRecord } from './codec.ts'

/** The target of a link's writes: a WebSocket of either end. */
interface Channel {
  send(message: Buffer): void
}

const empty = Buffer.alloc(0)

/** Gathers the records of one turn of the event loop into one message: a busy link makes few system calls. */
export class LinkWriter {
  readonly #channel: Channel
  readonly #maxBytes: number
  #records: LinkRecord[] = []
  #bytes = 0

  /** No message is longer than `maxBytes`, but one of a single record that is. */
  constructor(channel: Channel, maxBytes: number) {
    this.#channel = channel
    this.#maxBytes = maxBytes
  }

  write(kind: number, id: number, body: Buffer = empty): void {
    const bytes = headBytes + body.length
    if (this.#bytes + bytes > this.#maxBytes) this.flush()
    if (this.#records.length === 0) setImmediate(() => this.flush())
    this.#records.push({ kind, id, body })
    this.#bytes += bytes
  }

  flush(): void {
    if (this.#records.length === 0) return
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    this.#channel.send(writeRecords(records))
  }
}
