import type { ServerResponse } from 'node:http'

/** One event of a stream; `data` is JSON, which has no line breaks. */
export interface SentEvent {
  id: string
  type: string
  data: string
}

/** An event as section 9.2 of the HTML standard writes it. */
export const eventText = ({ id, type, data }: SentEvent): string => `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`

/** How long a reader may take nothing of what waits for it. */
const maxStalledMs = 10_000
const heartbeatMs = 15_000

/**
 * The server's end of one stream. Events that can't be sent yet wait in the response, at most its high-water mark and one event:
 * while `full`, nothing should be written, and `onDrain` tells when that is over.
 */
export class EventSink {
  readonly #response: ServerResponse
  #stalledSince: number | null = null
  #beatAt: number

  constructor(response: ServerResponse, { now, onDrain, onClose }: { now: number; onDrain(): void; onClose(): void }) {
    this.#response = response
    this.#beatAt = now + heartbeatMs
    response.on('drain', () => {
      this.#stalledSince = null
      onDrain()
    })
    response.on('close', onClose)
    // A reset by the client; `close` follows.
    response.on('error', () => response.destroy())
  }

  get open(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  get full(): boolean {
    return this.#response.writableNeedDrain
  }

  write(text: string): void {
    if (this.open) this.#response.write(text)
  }

  /** How long the client waits before it comes again, ms. */
  retryAfter(ms: number): void {
    this.write(`retry: ${ms}\n\n`)
  }

  /** Sends a heartbeat when it is due, and cuts a reader that does not take what waits; called on a timer. */
  tick(now: number): void {
    if (!this.full) this.#stalledSince = null
    else if (this.#stalledSince === null) this.#stalledSince = now
    else if (now - this.#stalledSince > maxStalledMs) this.#response.destroy()
    if (now < this.#beatAt) return
    this.#beatAt = now + heartbeatMs
    if (!this.full) this.write(':\n\n')
  }

  end(): void {
    if (this.open) this.#response.end()
    // A client that does not read can't be told; a peer that does has closed long before.
    setTimeout(() => this.#response.destroy(), 2_000).unref()
  }
}
