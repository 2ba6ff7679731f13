import { backoffMs, later } from '../../time.ts'
import { Waiters } from '../../waiters.ts'
import { cutCode, JanusError, noSessionCode, pluginError, type JanusMessage, type Jsep } from './janus-messages.ts'
import { JanusSocket } from './janus-socket.ts'

export interface JanusSessionDeps {
  /** Where Janus is, and the token that goes with every request; read each time, because it is renewed. */
  grant(): { url: string; subprotocol: string; token: string }
  accessToken(): Promise<string>
  WebSocket: typeof globalThis.WebSocket
  report(error: unknown): void
  /** The WebSocket was gone for a while: events may have been missed. */
  reclaimed(): void
  /** The session is no more; a new one is needed. Told once, and not after `close`. */
  lost(error: unknown): void
}

export interface PluginAnswer {
  plugin: Record<string, unknown>
  jsep: Jsep | null
}

type State = { is: 'open'; socket: JanusSocket } | { is: 'cut' } | { is: 'over' }

/** Janus ends a session that it has not heard of for 60 s. */
const keepaliveMs = 20_000
/** Janus keeps a session without a connection for 30 s (`reclaim_session_timeout`). */
const reclaimMs = 28_000
const backoff = { baseMs: 200, maxMs: 3_000 }

/** A Janus session: it outlives its WebSocket, which is opened again and takes the session back (`claim`). */
export class JanusSession {
  readonly #deps: JanusSessionDeps
  readonly #id: number
  readonly #handles = new Map<number, (message: JanusMessage) => void>()
  readonly #waiters = new Waiters<JanusSocket>(64)
  #state: State
  #stopTimer = () => {}

  private constructor(deps: JanusSessionDeps, id: number, socket: JanusSocket) {
    this.#deps = deps
    this.#id = id
    this.#state = { is: 'open', socket }
    this.#attachTo(socket)
  }

  static async create(deps: JanusSessionDeps): Promise<JanusSession> {
    const socket = await openSocket(deps)
    try {
      const { id } = await socket.request({ janus: 'create', token: deps.grant().token }, 'ack')
      if (id === null) throw new JanusError(-1, 'the new session has no id')
      return new JanusSession(deps, id, socket)
    } catch (error) {
      socket.close()
      throw error
    }
  }

  get id(): number {
    return this.#id
  }

  /** A handle of the VideoRoom; `hear` gets its events. */
  async attach(hear: (message: JanusMessage) => void): Promise<number> {
    const { id } = await this.#request({ janus: 'attach', plugin: 'janus.plugin.videoroom' }, 'ack')
    if (id === null) throw new JanusError(-1, 'the new handle has no id')
    this.#handles.set(id, hear)
    return id
  }

  /** Asks the plugin. Rejects with a `JanusError`. */
  async message(handle: number, body: Record<string, unknown>, jsep?: Jsep): Promise<PluginAnswer> {
    const message = { janus: 'message', handle_id: handle, body, ...(jsep ? { jsep } : {}) }
    const answer = await this.#request(message, 'event')
    const error = pluginError(answer.plugin)
    if (error) throw error
    return { plugin: answer.plugin ?? {}, jsep: answer.jsep }
  }

  /** A candidate of ours; null: there are no more. Lost with the connection, as an ICE restart gathers again. */
  trickle(handle: number, candidate: RTCIceCandidateInit | null): void {
    const message = { janus: 'trickle', handle_id: handle, candidate: candidate ?? { completed: true } }
    this.#request(message, 'ack').catch((error: unknown) => this.#deps.report(error))
  }

  /** Ends the session, and with it all that it publishes and receives. */
  close(): void {
    if (this.#state.is === 'over') return
    const last = this.#state
    this.#end()
    if (last.is !== 'open') return
    const { token } = this.#deps.grant()
    // Whether it arrives or not, the session ends: without us, Janus drops it after 30 s.
    last.socket
      .request({ janus: 'destroy', session_id: this.#id, token }, 'ack')
      .catch(() => {})
      .finally(() => last.socket.close())
  }

  #end(): void {
    this.#state = { is: 'over' }
    this.#stopTimer()
    this.#waiters.reject(new JanusError(noSessionCode, 'the session is over'))
  }

  async #request(message: Record<string, unknown>, past: 'ack' | 'event'): Promise<JanusMessage> {
    const socket = await this.#socket()
    return socket.request({ ...message, session_id: this.#id, token: this.#deps.grant().token }, past)
  }

  #socket(): Promise<JanusSocket> {
    switch (this.#state.is) {
      case 'open':
        return Promise.resolve(this.#state.socket)
      case 'cut':
        return this.#waiters.wait(reclaimMs)
      case 'over':
        return Promise.reject(new JanusError(noSessionCode, 'the session is over'))
      default:
        return this.#state satisfies never
    }
  }

  #attachTo(socket: JanusSocket): void {
    socket.listen(
      (message) => this.#hear(message),
      () => this.#cut(socket),
    )
    this.#keepAlive()
  }

  #hear(message: JanusMessage): void {
    if (message.janus === 'timeout') return this.#lose(new JanusError(noSessionCode, 'Janus ended the session'))
    if (message.sender !== null) this.#handles.get(message.sender)?.(message)
  }

  #keepAlive(): void {
    this.#stopTimer()
    this.#stopTimer = later(keepaliveMs, () => {
      this.#request({ janus: 'keepalive' }, 'ack').then(
        () => this.#keepAlive(),
        (error: unknown) => this.#keepaliveFailed(error),
      )
    })
  }

  #keepaliveFailed(error: unknown): void {
    if (this.#state.is !== 'open') return
    if (error instanceof JanusError && error.code === noSessionCode) return this.#lose(error)
    this.#deps.report(error)
    // A connection on which nothing answers is none.
    this.#state.socket.close()
  }

  #cut(socket: JanusSocket): void {
    if (this.#state.is !== 'open' || this.#state.socket !== socket) return
    this.#stopTimer()
    this.#state = { is: 'cut' }
    void this.#reclaim()
  }

  /** Never rejects. */
  async #reclaim(): Promise<void> {
    const until = performance.now() + reclaimMs
    for (let attempt = 1; this.#state.is === 'cut'; attempt++) {
      try {
        return this.#adopt(await this.#claim())
      } catch (error) {
        const gone = error instanceof JanusError && error.code !== cutCode
        if (gone || performance.now() > until) return this.#lose(error)
        this.#deps.report(error)
      }
      await new Promise<void>((resolve) => later(backoffMs(attempt, backoff), resolve))
    }
  }

  async #claim(): Promise<JanusSocket> {
    const socket = await openSocket(this.#deps)
    try {
      await socket.request({ janus: 'claim', session_id: this.#id, token: this.#deps.grant().token }, 'ack')
      return socket
    } catch (error) {
      socket.close()
      throw error
    }
  }

  #adopt(socket: JanusSocket): void {
    if (this.#state.is !== 'cut') return socket.close()
    this.#state = { is: 'open', socket }
    this.#attachTo(socket)
    this.#waiters.resolve(socket)
    this.#deps.reclaimed()
  }

  #lose(error: unknown): void {
    if (this.#state.is === 'over') return
    if (this.#state.is === 'open') this.#state.socket.close()
    this.#end()
    this.#deps.lost(error)
  }
}

async function openSocket({ grant, accessToken, WebSocket }: JanusSessionDeps): Promise<JanusSocket> {
  const { url, subprotocol } = grant()
  return JanusSocket.open({ url, subprotocol, accessToken: await accessToken(), WebSocket })
}
