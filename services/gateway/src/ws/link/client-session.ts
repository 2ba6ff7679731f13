import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  closeCodes,
  type CastClass,
  type CloseReason,
  type LinkClose,
  type LinkHeld,
  type LinkRefused,
  type LinkSession,
} from '@parley/contracts'
import { newId, WsPeerSocket, type WriteBatch } from '@parley/kit'
import type { WebSocket } from 'ws'
import type { Leaver } from '../farewells.ts'
import { createReadingPace } from './reading-pace.ts'
import type { LinkedSession, NodeLink } from './node-link.ts'

/** The answer of a node: the problem that it refuses with, or nothing because the link has gone. */
export type Outcome = 'attached' | 'lost' | LinkRefused['problem']

interface Input {
  data: Buffer
  isBinary: boolean
}

interface SessionOptions {
  /** Of the handshake. */
  requestId: string
  accessToken: string | null
  /** The hint of the address. */
  meeting: string | null
  /** A socket without a token is cut fast when it is closed before then (monotonic ms): its place is wanted by others (S15). */
  strangerUntil: number
  /** The node has gone while the client's socket is open. */
  onLost(session: ClientSession): void
}

const keepAliveMs = 30_000
const strangerFarewellMs = 150
/** The inputs of a client that no node is done with yet; above this it is not read. */
const maxInputs = 512
const maxInputBytes = 1_024 * 1_024
/** How long a node may take to carry a session on. */
const attachMs = 5_000
/** How long a working node may take to finish its inputs before a session is moved off it. */
const settleMs = 1_000

/**
 * A client whose WebSocket ends here, and its place at a node. The node may go: then the session is attached to another one with what the node gave to hold. Inputs that no node has done yet are sent again.
 */
export class ClientSession implements LinkedSession, Leaver {
  /** Resolves when the client's socket is closed. */
  readonly ended: Promise<void>
  readonly #options: SessionOptions
  readonly #secret = newId()
  #client: WsPeerSocket | null = null
  #ws: WebSocket | null = null
  #place: { link: NodeLink; id: number } | null = null
  /** Whether inputs may go to the node. */
  #ready = false
  #over = false
  readonly #pace = createReadingPace(() => performance.now())
  /** Not read until then: it sent too much. */
  #paused: NodeJS.Timeout | null = null
  #accessToken: string | null
  #held: LinkSession | null = null
  #signals = 0
  /** The node knows that the client reads slowly. */
  #isSlow = false
  readonly #inputs: Input[] = []
  #inputBytes = 0
  /** How many of `#inputs` were sent on the present attachment, and how many of all that were are done. */
  #sent = 0
  #done = 0
  #settle: (outcome: Outcome) => void = () => {}
  #idle: () => void = () => {}
  readonly #end: () => void

  constructor(options: SessionOptions) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
    this.#options = options
    this.#accessToken = options.accessToken
  }

  /** The client's socket has closed, or is closing. */
  get over(): boolean {
    return this.#over
  }

  /** The meeting that it belongs to, as far as that is known. */
  get meeting(): string | null {
    return this.#held?.meetingId ?? this.#options.meeting
  }

  get buffered(): number {
    return (this.#client?.buffered ?? 0) + this.#inputBytes
  }

  /** Whether it is at this node, and what the node says is taken. */
  isAt(link: NodeLink): boolean {
    return this.#place?.link === link
  }

  /** The handshake is done: from now on the client is heard. */
  open(ws: WebSocket, tcp: Duplex, atOnce: WriteBatch): void {
    const socket = tcp as Socket
    socket.setTimeout(0)
    socket.setKeepAlive(true, keepAliveMs)
    this.#ws = ws
    this.#client = new WsPeerSocket(ws, socket, atOnce)
    ws.on('message', (data, isBinary) => this.#hear({ data: data as Buffer, isBinary }))
    // A frame that breaks the protocol: ws closes with the code that says so, and needs its time to be read.
    ws.on('error', () => ws.readyState === ws.OPEN && ws.terminate())
    ws.on('close', (code) => this.gone(this.#client?.closedWith ?? code))
    if (this.#place === null) this.#options.onLost(this)
  }

  /** There is no client any more. `code`: how its socket was closed, if it was ever open. */
  gone(code?: number): void {
    this.#over = true
    this.#place?.link.detach(this.#place.id, code)
    this.#place = null
    this.#settle('lost')
    this.#idle()
    this.#end()
  }

  /**
   * Asks a node to take the session, from its present one if it has one: what that says from now on is for the new one to say again.
   * The old one is told afterwards, and has it no more, even if the new one does not take it.
   */
  async attachTo(link: NodeLink): Promise<Outcome> {
    const old = this.#place
    old?.link.forget(old.id)
    const session = this.#held && { ...this.#held, signalSeq: this.#signals }
    this.#ready = false
    this.#sent = 0
    this.#done = 0
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.#settle = resolve
    const timer = setTimeout(() => resolve('lost'), attachMs)
    const place = {
      link,
      id: link.attach(this, {
        requestId: this.#options.requestId,
        client: this.#secret,
        accessToken: this.#accessToken,
        session,
      }),
    }
    this.#place = place
    const outcome = await promise
    clearTimeout(timer)
    old?.link.detach(old.id)
    if (outcome !== 'attached' && this.#place === place) {
      link.detach(place.id)
      this.#place = null
    }
    return outcome
  }

  /** Waits until the node is done with what it was sent, but not for long; nothing more is sent to it. */
  async settle(): Promise<void> {
    this.#ready = false
    if (this.#sent === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#idle = resolve
    const timer = setTimeout(resolve, settleMs)
    await promise
    clearTimeout(timer)
  }

  attached(): void {
    this.#ready = true
    this.#isSlow = false
    this.#settle('attached')
    this.#sendInputs()
  }

  refused(problem: LinkRefused['problem']): void {
    this.#place = null
    this.#settle(problem)
  }

  take(frame: Buffer, isSignal: boolean): void {
    if (isSignal) this.#signals += 1
    this.#client?.send(frame)
    this.#tellPace()
  }

  takeCast(frame: Buffer, kind: CastClass, batch: WriteBatch): void {
    const client = this.#client
    if (client === null || (kind === 'passing' && !client.idle)) return
    client.sendWith(batch, frame)
  }

  hold({ accessToken, session }: LinkHeld): void {
    if (accessToken !== undefined) this.#accessToken = accessToken
    if (session === undefined) return
    this.#held = session
    this.#signals = session?.signalSeq ?? 0
  }

  done(count: number): void {
    const finished = this.#inputs.splice(0, Math.min(this.#sent, count - this.#done))
    this.#done = count
    this.#sent -= finished.length
    for (const { data } of finished) this.#inputBytes -= data.length
    if (this.#sent === 0) this.#idle()
    this.#readOn()
  }

  seen(v: number): void {
    if (this.#held !== null && v > this.#held.v) this.#held = { ...this.#held, v }
  }

  lost(): void {
    this.#place = null
    this.#ready = false
    this.#settle('lost')
    if (!this.#over && this.#client !== null) this.#options.onLost(this)
  }

  /** The node says goodbye to the client. */
  closed({ reason, text }: LinkClose): void {
    this.close(reason, text)
  }

  close(reason: CloseReason, text: string = reason): void {
    this.#place?.link.detach(this.#place.id, closeCodes[reason].code)
    this.#place = null
    this.#over = true
    this.#settle('lost')
    const isStranger = performance.now() < this.#options.strangerUntil
    if (this.#client === null) this.#end()
    else this.#client.close(reason, text, isStranger ? strangerFarewellMs : undefined)
  }

  tell(frame: Buffer): void {
    this.#client?.send(frame)
  }

  /** Closes a client that does not take what waits for it; called on a timer. */
  check(now: number): void {
    this.#client?.check(now)
    this.#tellPace()
  }

  /** The node refuses what others send to a client that does not take it (X3). */
  #tellPace(): void {
    const isSlow = this.#client?.idle === false
    if (isSlow === this.#isSlow || !this.#ready || this.#place === null) return
    this.#isSlow = isSlow
    this.#place.link.slow(this.#place.id, isSlow)
  }

  #hear(input: Input): void {
    // Frames after our close frame are ignored.
    if (this.#over || this.#client?.open !== true) return
    this.#inputs.push(input)
    this.#inputBytes += input.data.length
    if (this.#ready) this.#sendInputs()
    const pauseMs = this.#pace(input.data.length)
    if (pauseMs > 0) {
      this.#ws?.pause()
      this.#paused = setTimeout(() => {
        this.#paused = null
        this.#readOn()
      }, pauseMs).unref()
    }
    if (this.#inputs.length > maxInputs || this.#inputBytes > maxInputBytes) this.#ws?.pause()
  }

  #readOn(): void {
    if (this.#paused === null && this.#inputs.length < maxInputs / 2 && this.#inputBytes < maxInputBytes / 2)
      this.#ws?.resume()
  }

  #sendInputs(): void {
    const { link, id } = this.#place ?? {}
    if (link === undefined || id === undefined) return
    for (const { data, isBinary } of this.#inputs.slice(this.#sent)) link.input(id, data, isBinary)
    this.#sent = this.#inputs.length
  }
}
