import type { Socket } from 'node:net'
import { closeCodes, type CloseReason } from '@parley/contracts'
import type { WebSocket } from 'ws'
import { TokenBucket } from './token-bucket.ts'
import type { BatchMember, JoinFrames, WriteBatch } from './write-batch.ts'

const dropPassingAbove = 64 * 1_024
const maxWaitingBytes = 1_024 * 1_024
const maxWaitingFrames = 256
const maxStalledMs = 5_000
const closeTimeoutMs = 2_000
/** Pings and pongs of the WebSocket protocol, which no message limit counts. */
const controlFrames = { perSecond: 10, burst: 50 }

/**
 * A WebSocket whose frames are written to its TCP socket as they are, those that wait together in one write. `ws` reads and
 * does the handshakes; nothing is compressed, so our whole frames and its control frames may follow each other freely.
 */
export class WsPeerSocket implements BatchMember {
  readonly #ws: WebSocket
  readonly #tcp: Socket
  readonly #atOnce: WriteBatch
  /** In the order in which they leave, whichever batch each came with; null: none. */
  #frames: Buffer[] | null = null
  /** Whether the batch that leaves at once has this socket. */
  #soon = false
  #stalledSince: number | null = null
  #closed = false
  /** The code that we closed it with; null: we did not. */
  closedWith: number | null = null
  readonly #control = new TokenBucket(controlFrames, performance.now())

  /** `atOnce` is the node's batch for what must not wait. */
  constructor(ws: WebSocket, tcp: Socket, atOnce: WriteBatch) {
    this.#ws = ws
    this.#tcp = tcp
    this.#atOnce = atOnce
    tcp.setNoDelay(true)
    tcp.on('drain', () => (this.#stalledSince = null))
    ws.on('ping', (data) => this.#takeControl() && ws.pong(data))
    ws.on('pong', () => this.#takeControl())
  }

  get open(): boolean {
    return !this.#closed && this.#ws.readyState === this.#ws.OPEN
  }

  /** Bytes that the client has not taken. */
  get buffered(): number {
    return this.#tcp.writableLength
  }

  /** Frames that wait to be written. */
  get waiting(): number {
    return this.#frames?.length ?? 0
  }

  send(frame: Buffer): void {
    if (!this.open) return
    if (!this.#soon) {
      this.#soon = true
      this.#atOnce.add(this)
    }
    this.#push(frame)
  }

  sendWith(batch: WriteBatch, frame: Buffer): void {
    if (!this.open) return
    if (this.#frames === null) batch.add(this)
    this.#push(frame)
  }

  get idle(): boolean {
    return this.#tcp.writableLength < dropPassingAbove
  }

  /** Closes a socket that does not take what is waiting for it; called on a timer. `now` in ms. */
  check(now: number): void {
    if (this.#tcp.writableLength === 0) this.#stalledSince = null
    else if (this.#stalledSince === null) this.#stalledSince = now
    else if (now - this.#stalledSince > maxStalledMs) this.close('tooSlow')
  }

  /** Sends what is waiting, then closes; a peer that does not answer the close frame within `lingerMs` is cut. */
  close(reason: CloseReason, text: string = reason, lingerMs: number = closeTimeoutMs): void {
    if (this.#closed) return
    this.flush(Buffer.concat)
    this.#closed = true
    this.closedWith = closeCodes[reason].code
    this.#ws.close(closeCodes[reason].code, text)
    // ws's own timer waits 30 s.
    setTimeout(() => this.#ws.terminate(), lingerMs).unref()
  }

  /** Whether one more ping or pong is within the limit; closes the socket if not. */
  #takeControl(): boolean {
    const allowed = this.#control.take(performance.now()) === 0
    if (!allowed) this.close('tooManyMessages')
    return allowed && this.open
  }

  flush(join: JoinFrames): void {
    const frames = this.#frames
    this.#frames = null
    this.#soon = false
    if (frames === null || !this.open) return
    const [only] = frames
    this.#tcp.write(frames.length === 1 && only ? only : join(frames))
    if (this.#tcp.writableLength > maxWaitingBytes) this.close('tooSlow')
  }

  #push(frame: Buffer): void {
    if (this.#frames === null) this.#frames = [frame]
    else if (this.#frames.push(frame) > maxWaitingFrames) {
      if (this.idle) this.flush(Buffer.concat)
      else this.close('tooSlow')
    }
  }
}
