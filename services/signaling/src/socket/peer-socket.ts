import type { Socket } from 'node:net'
import { closeCodes, type CloseReason } from '@parley/contracts'
import type { WebSocket } from 'ws'
import type { PeerSocket } from '../session/local-session.ts'

const dropPassingAbove = 64 * 1_024
const maxWaitingBytes = 1_024 * 1_024
const maxWaitingFrames = 256
const maxStalledMs = 5_000
const closeTimeoutMs = 2_000

/**
 * A WebSocket whose frames are written to its TCP socket as they are: those of one turn of the event loop in one write. `ws`
 * reads and does the handshakes; nothing is compressed, so our whole frames and its control frames may follow each other freely.
 */
export class WsPeerSocket implements PeerSocket {
  readonly #ws: WebSocket
  readonly #tcp: Socket
  #frames: Buffer[] = []
  #stalledSince: number | null = null
  #closed = false

  constructor(ws: WebSocket, tcp: Socket) {
    this.#ws = ws
    this.#tcp = tcp
    tcp.setNoDelay(true)
    tcp.on('drain', () => (this.#stalledSince = null))
  }

  get open(): boolean {
    return !this.#closed && this.#ws.readyState === this.#ws.OPEN
  }

  send(frame: Buffer): void {
    if (!this.open) return
    if (this.#frames.length === 0) setImmediate(() => this.#flush())
    this.#frames.push(frame)
    if (this.#frames.length > maxWaitingFrames && this.#tcp.writableLength > dropPassingAbove) this.close('tooSlow')
  }

  sendIfIdle(frame: Buffer): void {
    if (this.#tcp.writableLength < dropPassingAbove) this.send(frame)
  }

  /** Closes a socket that does not take what is waiting for it; called on a timer. `now` in ms. */
  check(now: number): void {
    if (this.#tcp.writableLength === 0) this.#stalledSince = null
    else if (this.#stalledSince === null) this.#stalledSince = now
    else if (now - this.#stalledSince > maxStalledMs) this.close('tooSlow')
  }

  close(reason: CloseReason, text: string = reason): void {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.#ws.close(closeCodes[reason].code, text)
    // A peer that never answers the close frame is cut; ws's own timer waits 30 s.
    setTimeout(() => this.#ws.terminate(), closeTimeoutMs).unref()
  }

  #flush(): void {
    const frames = this.#frames
    this.#frames = []
    if (frames.length === 0 || !this.open) return
    const [only] = frames
    if (frames.length === 1 && only) this.#tcp.write(only)
    else {
      this.#tcp.cork()
      for (const frame of frames) this.#tcp.write(frame)
      this.#tcp.uncork()
    }
    if (this.#tcp.writableLength > maxWaitingBytes) this.close('tooSlow')
  }
}
