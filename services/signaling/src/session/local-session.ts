import type { CloseReason } from '@parley/contracts'
import { Answers } from './answers.ts'
import { RecentRequests } from './recent-requests.ts'
import { SignalOutbox, type Signal } from './signal-outbox.ts'

/** A broadcast that is being made: one copy goes to all whose sockets share a link. */
export interface CastCover {
  /** This socket gets it, too. */
  cover(socket: PeerSocket): void
}

/** The part of a socket that a session needs; a fake of it is all that tests need. */
export interface PeerSocket {
  /** Hands a frame over for sending. Signals are counted by the gateway. */
  send(frame: Buffer, isSignal?: boolean): void
  /** Whether no more than a little is waiting. */
  readonly idle: boolean
  /** Leaves a broadcast to the one copy that goes to the whole room over a link. */
  castWith(cast: CastCover, frame: Buffer): void
  /** Sends what is waiting, then closes. */
  close(reason: CloseReason, text?: string): void
}

const maxHeld = 1_024
const maxHeldBytes = 1_024 * 1_024

/** Broadcasts kept back until the answer to `room.join` or `room.resume` has gone out. */
class HeldFrames {
  readonly #frames: { v: number | null; frame: Buffer; isSignal: boolean }[] = []
  #bytes = 0

  get length(): number {
    return this.#frames.length
  }

  /** False: there is no room for it. */
  add(v: number | null, frame: Buffer, isSignal = false): boolean {
    this.#bytes += frame.length
    if (this.#frames.length >= maxHeld || this.#bytes > maxHeldBytes) return false
    this.#frames.push({ v, frame, isSignal })
    return true
  }

  /** Those that an answer at version `v` did not already say. */
  *after(v: number): Generator<{ frame: Buffer; isSignal: boolean }> {
    for (const held of this.#frames) if (held.v === null || held.v > v) yield held
  }
}

/**
 * A socket on its way in: from before the commit on it misses nothing, and it is not the participant's until the commit is done. Either
 * `take` or `abandon` ends it.
 */
export interface SocketEntry {
  /** The socket becomes the participant's, who is closed elsewhere. False: another socket of theirs came in between. */
  take(): boolean
  /** The commit failed: all is as it was before. */
  abandon(): void
}

/** A signal on its last step to its receiver. */
export interface SentSignal extends Signal {
  /** By the clock of the sender's node, ms since 1970. */
  sentAt?: number | undefined
  /** Tells the sender's request from others of the sender: one that is made again is not shown again. */
  request?: string | undefined
  /** Here, by the monotonic clock, ms. */
  now: number
}

/** A participant's session on this node: with a socket, or waiting for one. */
export class LocalSession {
  readonly participantId: string
  readonly sessionId: string
  readonly userId: string
  /** The answers of this session, so that a request that is repeated after a resume gets its answer again. */
  readonly answers = new Answers()
  /** The epoch of the room in which the seat was last seen to be this session's. */
  seatedIn: string | null = null
  #socket: PeerSocket | null = null
  /** Of the socket that is on its way in. */
  #entering: { socket: PeerSocket; held: HeldFrames } | null = null
  /** Of the socket that is in, until its answer has gone out. */
  #held: HeldFrames | null = null
  readonly #signals = new SignalOutbox()
  /** The newest signal when the socket was attached: up to here the answer has them, later ones are held. */
  #signalsAtEntry = 0
  #writtenAtPing = 0
  /** When the newest signal of each sender was sent, ms since 1970; null: nothing can come late. */
  #newest: Map<string, number> | null = null
  /** The signals that came lately, by their sender and request. */
  #recent: RecentRequests | null = null

  constructor(ids: { participantId: string; sessionId: string; userId: string }) {
    this.participantId = ids.participantId
    this.sessionId = ids.sessionId
    this.userId = ids.userId
  }

  /** Whether the session has an open socket: one whose commit is done. */
  get attached(): boolean {
    return this.#socket !== null
  }

  /** Whether no more than a little waits for its socket. */
  get keepsUp(): boolean {
    return this.#socket?.idle ?? true
  }

  /** Whether a socket is on its way in, or its answer has yet to go out. */
  get entering(): boolean {
    return this.#entering !== null || this.#held !== null
  }

  /** Whether the socket that is in gets no broadcasts yet, for its answer has yet to go out. */
  get holding(): boolean {
    return this.#held !== null
  }

  /** Signals that the client may not have. */
  get signalsKept(): number {
    return this.#signals.kept
  }

  /** Broadcasts that wait for the answer. */
  get broadcastsHeld(): number {
    return (this.#held?.length ?? 0) + (this.#entering?.held.length ?? 0)
  }

  isOn(socket: PeerSocket): boolean {
    return this.#socket === socket
  }

  /** Lets a socket come in; a socket that is there goes on until the new one is `take`n. */
  enter(socket: PeerSocket): SocketEntry {
    const entering = { socket, held: new HeldFrames() }
    this.#entering = entering
    return {
      take: () => {
        if (this.#entering !== entering) return false
        this.#socket?.close('resumedElsewhere')
        this.#socket = socket
        this.#held = entering.held
        this.#entering = null
        this.#signalsAtEntry = this.#signals.seq
        this.#writtenAtPing = 0
        return true
      },
      abandon: () => {
        if (this.#entering === entering) this.#entering = null
      },
    }
  }

  detach(): void {
    this.#socket = null
    this.#held = null
  }

  /** A broadcast, or a message like one; `v` is null for what is not state. With a cast it is left to the one copy for all on a link. */
  deliver(frame: Buffer, v: number | null, cast?: CastCover): void {
    const entering = this.#entering
    if (entering && !entering.held.add(v, frame)) entering.socket.close('tooSlow')
    const socket = this.#socket
    if (socket === null) return
    if (this.#held !== null) {
      if (!this.#held.add(v, frame)) socket.close('tooSlow')
    } else if (cast) socket.castWith(cast, frame)
    else socket.send(frame)
  }

  /** Sends what was held, except what the answer (at version `v`) already said. */
  release(v: number): void {
    const held = this.#held
    this.#held = null
    this.#signals.sent()
    for (const { frame, isSignal } of held?.after(v) ?? []) this.#socket?.send(frame, isSignal)
  }

  /** A message to this participant alone. A signal waits while there is no socket, and is kept until the client has it. */
  direct(frame: Buffer, sent?: SentSignal): void {
    if (sent) {
      const { from, data, sentAt, request, now } = sent
      if (request !== undefined && !(this.#recent ??= new RecentRequests()).add(`${from} ${request}`, now)) return
      this.#signals.push({ from, data }, frame.length)
      if (sentAt !== undefined) this.#newest?.set(from, sentAt)
    }
    const socket = this.#socket
    if (socket === null) return
    if (this.#held === null) {
      this.#signals.sent()
      socket.send(frame, sent !== undefined)
    } else if (!this.#held.add(null, frame, sent !== undefined)) socket.close('tooSlow')
  }

  /** Lets go of what is kept for a while only; called on a timer with the monotonic time, ms. */
  forgetOld(now: number): void {
    this.answers.forgetPassing(now)
    this.#recent?.forget(now)
  }

  /** The signals that the client of the socket just attached misses, and the number of the last; see `SignalOutbox.take`. */
  takeSignals(received?: number): { signals: Signal[]; lost: boolean; seq: number } {
    const seq = this.#signalsAtEntry
    return { ...this.#signals.take(seq, received), seq }
  }

  /**
   * The node that had the session did not hand it over. It may only have stood still, and pass on what was sent to it once it
   * wakes up: the client has been told that such signals are lost, and may have had later ones.
   */
  expectStragglers(): void {
    this.#newest = new Map()
  }

  /** Signals that were on their way here are lost: the client is told with its next resume. */
  missSignals(): void {
    this.#signals.miss()
  }

  /** Whether a signal that was passed on comes after one that its sender sent later. */
  isOvertaken(from: string, sentAt: number): boolean {
    return sentAt < (this.#newest?.get(from) ?? 0)
  }

  /** All that is kept, for the node that takes the session over. */
  handOver(received?: number): { signals: Signal[]; lost: boolean; seq: number } {
    const { seq } = this.#signals
    return { ...this.#signals.take(seq, received), seq }
  }

  /** The signals that another node handed over, before those that came here since. */
  adoptSignals(signals: readonly Signal[], seq: number): void {
    this.#signals.adopt(signals, seq)
    this.#signalsAtEntry += seq
  }

  /** A ping goes out; its answer shows that everything written before has arrived. */
  pinged(): void {
    this.#writtenAtPing = this.#signals.written
  }

  ponged(): void {
    this.#signals.confirm(this.#writtenAtPing)
  }

  close(reason: CloseReason, lastFrame?: Buffer): void {
    if (lastFrame) this.#socket?.send(lastFrame)
    this.#socket?.close(reason)
    this.detach()
  }
}
