import type { CloseReason } from '@parley/contracts'

/** What a session needs of its socket; a fake of it is all that tests need. */
export interface PeerSocket {
  /** Hands a frame over for sending; the socket closes itself when too much is waiting. */
  send(frame: Buffer): void
  /** As `send`, but dropped when more than a little is waiting: typing, reactions. */
  sendIfIdle(frame: Buffer): void
  /** Sends what is waiting, then closes. */
  close(reason: CloseReason, text?: string): void
}

const maxSignals = 256
const maxHeld = 1_024

/** A participant's session on this node: with a socket, or waiting for one. */
export class LocalSession {
  readonly participantId: string
  readonly sessionId: string
  readonly userId: string
  #socket: PeerSocket | null
  /** Broadcasts kept back until the answer to `room.join` or `room.resume` has gone out; null afterwards. */
  #held: { v: number | null; frame: Buffer }[] | null = []
  /** Signals that came while there was no socket; bounded, and `signalsLost` says when the bound was hit. */
  #signals: { from: string; data: unknown }[] = []
  signalsLost = false

  constructor(ids: { participantId: string; sessionId: string; userId: string }, socket: PeerSocket | null) {
    this.participantId = ids.participantId
    this.sessionId = ids.sessionId
    this.userId = ids.userId
    this.#socket = socket
  }

  get attached(): boolean {
    return this.#socket !== null
  }

  /** Whether the answer that makes the socket the participant's has yet to go out. */
  get entering(): boolean {
    return this.#held !== null
  }

  isOn(socket: PeerSocket): boolean {
    return this.#socket === socket
  }

  /** Takes a new socket; broadcasts are held until `release`. The old socket is told. */
  attach(socket: PeerSocket): void {
    this.#socket?.close('resumedElsewhere')
    this.#socket = socket
    this.#held = []
  }

  detach(): void {
    this.#socket = null
    this.#held = null
  }

  /** A broadcast; `v` is null for what is not state. */
  deliver(frame: Buffer, v: number | null, droppable = false): void {
    const socket = this.#socket
    if (socket === null) return
    if (this.#held === null) return droppable ? socket.sendIfIdle(frame) : socket.send(frame)
    if (this.#held.length < maxHeld) this.#held.push({ v, frame })
    else socket.close('tooSlow')
  }

  /** Sends what was held, except what the answer (at version `v`) already said. */
  release(v: number): void {
    const held = this.#held ?? []
    this.#held = null
    for (const entry of held) if (entry.v === null || entry.v > v) this.#socket?.send(entry.frame)
  }

  /** A message to this participant alone. Signals wait while there is no socket, the rest is dropped. */
  direct(frame: Buffer, signal?: { from: string; data: unknown }): void {
    if (this.#socket !== null) return this.deliver(frame, null)
    if (!signal) return
    if (this.#signals.length < maxSignals) this.#signals.push(signal)
    else this.signalsLost = true
  }

  takeSignals(): { from: string; data: unknown }[] {
    const signals = this.#signals
    this.#signals = []
    return signals
  }

  close(reason: CloseReason, lastFrame?: Buffer): void {
    if (lastFrame) this.#socket?.send(lastFrame)
    this.#socket?.close(reason)
    this.#socket = null
  }
}
