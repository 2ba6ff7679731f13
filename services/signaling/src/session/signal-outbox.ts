/** A signal as its receiver gets it. */
export interface Signal {
  from: string
  data: unknown
}

interface QueuedSignal {
  signal: Signal
  bytes: number
}

const maxEntries = 256
/** So that what is kept fits into the answer with which another node takes the session over. */
const maxBytes = 256 * 1_024

/**
 * The signals to one participant that the client may not have: those that came while there was no socket, and those that may have been lost
 * with a socket. They are numbered from 1 over the whole life of the session, on whatever node;
 * a client counts what it gets, and says with `room.resume` how far it came.
 */
export class SignalOutbox {
  /** The numbers after `#gone`, in order. */
  #entries: QueuedSignal[] = []
  #bytes = 0
  /** Up to here nothing is kept: the client has it, or it is lost. */
  #gone = 0
  #written = 0
  #lost = false

  /** The number of the newest. */
  get seq(): number {
    return this.#gone + this.#entries.length
  }

  /** How many are kept. */
  get kept(): number {
    return this.#entries.length
  }

  /** Up to here it was written to a socket. */
  get written(): number {
    return this.#written
  }

  /** Takes one more. Where there is no room the oldest goes; if it was never written, something is lost. */
  push(signal: Signal, bytes: number): void {
    while (this.#isFull(bytes)) {
      if (this.#gone >= this.#written) this.#lost = true
      this.#drop()
    }
    this.#entries.push({ signal, bytes })
    this.#bytes += bytes
  }

  /** Some never came: that is told once, like what found no room. */
  miss(): void {
    this.#lost = true
  }

  /** Everything has been written to a socket. */
  sent(): void {
    this.#written = this.seq
  }

  /** The client has everything up to `seq`. */
  confirm(seq: number): void {
    while (this.#gone < Math.min(seq, this.#written)) this.#drop()
  }

  /**
   * The signals that a client misses up to `until`, which it is given now; `received` is how far it says that it came. One that
   * does not say is taken to have all that was written.
   */
  take(until: number, received: number = this.#written): { signals: Signal[]; lost: boolean } {
    const lost = this.#lost || received < this.#gone || received > until
    const first = Math.max(received, this.#gone)
    const signals = this.#entries.slice(first - this.#gone, Math.max(0, until - this.#gone)).map(({ signal }) => signal)
    this.#lost = false
    this.#written = Math.max(this.#written, until)
    return { signals, lost }
  }

  /** Puts what another node handed over before everything here; `seq` is the number of its newest. */
  adopt(signals: readonly Signal[], seq: number): void {
    const handed = signals.map((signal) => ({ signal, bytes: Buffer.byteLength(JSON.stringify(signal)) }))
    this.#gone = Math.max(0, seq - handed.length)
    this.#written += seq
    this.#entries = [...handed, ...this.#entries]
    this.#bytes = this.#entries.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #isFull(bytes: number): boolean {
    return this.#entries.length > 0 && (this.#entries.length >= maxEntries || this.#bytes + bytes > maxBytes)
  }

  #drop(): void {
    this.#bytes -= this.#entries.shift()?.bytes ?? 0
    this.#gone += 1
    this.#written = Math.max(this.#written, this.#gone)
  }
}
