import { randomUUID } from 'node:crypto'
import { closeCodes, type CloseReason, type JanusPlace } from '@parley/contracts'
import type { Logger } from '@parley/kit'
import { WebSocket, type RawData } from 'ws'
import { evaluate, type PublishingHandle } from './filter.ts'
import { MessageBudget } from './message-budget.ts'
import type { Publishing } from './publishing.ts'

export interface JanusPipeEnds {
  client: WebSocket
  janus: WebSocket
  place: JanusPlace
  room: string
  log: Logger
  /** Ends what an earlier session of this participant still publishes. */
  freeFeed(place: JanusPlace): Promise<void>
  publishing: Publishing
}

/** Until then the other side is not read, bytes. */
const highWater = 1_024 * 1_024
/** A client that has not made room for that long is too slow, ms. */
const slowMs = 10_000
const pingMs = 15_000
/** How long the sessions may take to be destroyed before the sockets are closed all the same, ms. */
const destroyMs = 700
const maxSessions = 8
const maxStrikes = 50
/** The VideoRoom's code for a feed that is there already. */
const idExists = /"error_code":\s*436\b/

/**
 * The WebSocket of a client joined with one to Janus. The client's messages are judged one by one; what Janus says goes through
 * as it is. A slow reader slows the other side down.
 */
export class JanusPipe {
  readonly place: JanusPlace
  /** Resolves when both sockets are closed, whatever way. */
  readonly ended: Promise<void>
  readonly #client: WebSocket
  readonly #janus: WebSocket
  readonly #room: string
  readonly #log: Logger
  readonly #budget = new MessageBudget()
  readonly #sessions = new Set<number>()
  /** Sessions that Janus has yet to agree to, by transaction; null: to one that it will name. */
  readonly #asked = new Map<string, number | null>()
  readonly #freeFeed: JanusPipeEnds['freeFeed']
  /** The join as publisher that Janus has yet to answer. */
  #joining: { transaction: string; text: string } | null = null
  #token: string | null = null
  readonly #known: Publishing
  /** Where the client publishes; null: nowhere, as far as is known. */
  #publishing: PublishingHandle | null = null
  /** Most video that the client may send, bits per second; null: not known yet. */
  #bitrate: number | null = null
  #toldBitrate: number | null = null
  /** The transaction of what we say to Janus ourselves: its answers are not for the client. */
  readonly #own = `gateway-${randomUUID()}`
  #hasSpoken = false
  #strikes = 0
  #ending = false
  #alive = true
  readonly #timers: NodeJS.Timeout[] = []

  constructor({ client, janus, place, room, log, freeFeed, publishing }: JanusPipeEnds) {
    this.place = place
    this.#client = client
    this.#janus = janus
    this.#room = room
    this.#log = log
    this.#freeFeed = freeFeed
    this.#known = publishing
    this.ended = Promise.all([closing(client), closing(janus)]).then(() => {
      for (const timer of this.#timers) clearTimeout(timer)
    })
    client.on('message', (data, isBinary) => this.#fromClient(data, isBinary))
    client.on('pong', () => (this.#alive = true))
    client.on('close', () => janus.close(1000))
    client.on('error', (err) => log.debug({ err }, 'the socket of a client of Janus failed'))
    janus.on('message', (data) => this.#fromJanus(data))
    janus.on('close', () => this.#close('serverGoingAway'))
    janus.on('error', () => janus.terminate())
    this.#timers.push(setInterval(() => this.#ping(), pingMs).unref())
  }

  /**
   * Ends it for good: the sessions at Janus, and with them the media, first; then the client is told why. Janus would keep them for
   * whoever comes back in time.
   */
  async end(reason: CloseReason): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    for (const session of this.#sessions) this.#destroy(session)
    const late = new Promise<void>((resolve) => void this.#timers.push(setTimeout(resolve, destroyMs)))
    await Promise.race([late, this.#drained()])
    this.#close(reason)
  }

  /** Has Janus ask the client to send no more video than that, bits per second; the client itself cannot ask for more. */
  limitBitrate(bitrate: number): void {
    this.#bitrate = bitrate
    if (this.#publishing === null || this.#ending || this.#janus.readyState !== WebSocket.OPEN) return
    if (bitrate === this.#toldBitrate) return
    this.#toldBitrate = bitrate
    this.#hasSpoken = true
    const { session, handle } = this.#publishing
    const request = {
      janus: 'message',
      session_id: session,
      handle_id: handle,
      body: { request: 'configure', bitrate },
    }
    this.#janus.send(JSON.stringify({ ...request, transaction: this.#own, token: this.#token ?? '' }))
  }

  /** The gateway goes away: the client claims its session on another one. */
  leave(): void {
    this.#close('serverGoingAway')
  }

  #fromClient(data: RawData, isBinary: boolean): void {
    if (this.#ending) return
    if (isBinary) return this.#close('protocolViolation')
    if (!this.#budget.take(performance.now())) return this.#close('tooManyMessages')
    const text = String(data)
    const bitrate = this.#bitrate
    const allowed = { room: this.#room, feed: this.place.participantId, sessions: this.#sessions, bitrate }
    const verdict = evaluate(text, allowed)
    if (verdict.kind === 'refuse') {
      this.#strikes += 1
      if (this.#strikes > maxStrikes) return this.#close('protocolViolation')
      return this.#client.send(verdict.answer)
    }
    this.#token = verdict.token ?? this.#token
    const { begins, claims, joins, publishes, instead = text } = verdict
    if (publishes !== undefined) {
      this.#publishing = publishes
      this.#toldBitrate = null
      this.#known.remember(this.place.janusId, publishes)
    }
    if (joins !== undefined) this.#joining = { transaction: joins, text: instead }
    if (begins !== undefined || claims !== undefined) {
      if (this.#sessions.size + this.#asked.size >= maxSessions) return this.#close('tooManyMessages')
      if (begins !== undefined) this.#asked.set(begins, null)
      if (claims !== undefined) this.#asked.set(claims.transaction, claims.session)
    }
    this.#pass(instead, this.#client, this.#janus)
  }

  #fromJanus(data: RawData): void {
    const text = String(data)
    if (this.#hasSpoken && text.includes(this.#own)) return
    if (this.#asked.size > 0) this.#noteAnswer(text)
    if (this.#joining !== null && this.#joinsAgain(text)) return
    if (!this.#ending) this.#pass(text, this.#janus, this.#client)
  }

  /** Janus agrees to a session with `success`. */
  #noteAnswer(text: string): void {
    const {
      janus,
      transaction = '',
      data,
    } = JSON.parse(text) as {
      janus: string
      transaction?: string
      data?: { id?: number }
    }
    const asked = this.#asked.get(transaction)
    if (asked === undefined || janus === 'ack') return
    this.#asked.delete(transaction)
    const session = asked ?? data?.id
    if (janus !== 'success' || session === undefined) return
    this.#sessions.add(session)
    if (this.#ending) this.#destroy(session)
    else if (asked !== null) void this.#goOn(session)
  }

  /** A session that is claimed may publish, and gets its share of the bandwidth without publishing anew. */
  async #goOn(session: number): Promise<void> {
    const publishing = await this.#known.recall(this.place.janusId, session)
    if (publishing === null || this.#publishing !== null) return
    this.#publishing = publishing
    if (this.#bitrate !== null) this.limitBitrate(this.#bitrate)
  }

  /**
   * Janus keeps a session whose socket was lost for a while. A client that begins a new one instead is let in: its old feed is taken out,
   * and its join sent once more. True: Janus' answer is not for the client.
   */
  #joinsAgain(text: string): boolean {
    const joining = this.#joining
    if (joining === null || !text.includes(joining.transaction) || text.includes('"ack"')) return false
    this.#joining = null
    if (!idExists.test(text)) return false
    this.#freeFeed(this.place).then(
      () => this.#pass(joining.text, this.#client, this.#janus),
      (err: unknown) => {
        this.#log.info({ err, meetingId: this.place.meetingId }, 'an old feed could not be taken out')
        this.#pass(text, this.#janus, this.#client)
      },
    )
    return true
  }

  #pass(text: string, from: WebSocket, to: WebSocket): void {
    if (to.readyState !== WebSocket.OPEN) return
    to.send(text, () => {
      if (from.isPaused && to.bufferedAmount < highWater / 2) from.resume()
    })
    if (to.bufferedAmount <= highWater || from.isPaused) return
    from.pause()
    this.#timers.push(setTimeout(() => this.#stillSlow(from), slowMs).unref())
  }

  #stillSlow(from: WebSocket): void {
    if (!from.isPaused) return
    this.#log.info({ meetingId: this.place.meetingId }, 'a client of Janus, or Janus, reads too slowly')
    from.resume()
    this.#close('tooSlow')
  }

  #destroy(session: number): void {
    if (this.#janus.readyState !== WebSocket.OPEN) return
    const token = this.#token ?? ''
    this.#janus.send(JSON.stringify({ janus: 'destroy', session_id: session, transaction: randomUUID(), token }))
  }

  /** Resolves when Janus has answered whatever was sent to it: it answers a ping after that. */
  #drained(): Promise<void> {
    if (this.#janus.readyState !== WebSocket.OPEN) return Promise.resolve()
    return new Promise((resolve) => {
      this.#janus.once('pong', () => resolve())
      this.#janus.once('close', () => resolve())
      this.#janus.ping()
    })
  }

  #ping(): void {
    if (!this.#alive) return this.#client.terminate()
    this.#alive = false
    if (this.#client.readyState === WebSocket.OPEN) this.#client.ping()
  }

  #close(reason: CloseReason): void {
    this.#ending = true
    if (this.#client.readyState === WebSocket.OPEN) this.#client.close(closeCodes[reason].code, reason)
    this.#janus.close(1000)
  }
}

const closing = (socket: WebSocket): Promise<void> =>
  socket.readyState === WebSocket.CLOSED
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', () => resolve()))
