import type { Clock, Logger } from '@parley/kit'
import { JanusAwayError } from './janus-error.ts'
import { JanusSocket } from './janus-socket.ts'
import type { JanusMessage } from './messages.ts'
import type { JanusSecrets, JanusServer } from './servers.ts'
import { signJanusToken } from './tokens.ts'

/** A message of a plugin of Janus to a handle. */
export type JanusEvent = Readonly<Record<string, unknown>>

/** A handle of the VideoRoom: in Janus, one place in one room. */
export interface JanusHandle {
  /** Sends a request to the plugin; resolves with the data of its answer. @throws JanusError, JanusAwayError */
  send(body: Record<string, unknown>): Promise<JanusEvent>
  /** Lets go of it; never rejects. */
  detach(): Promise<void>
}

export interface JanusLinkOptions {
  server: Pick<JanusServer, 'id' | 'url'>
  secrets: JanusSecrets
  clock: Clock
  log: Logger
  /** Called when a session has begun: what was attached before is gone. */
  onUp?(): void
  onDown?(): void
}

const answerMs = 1_500
const keepAliveMs = 15_000
const firstPauseMs = 200
const longestPauseMs = 2_000
/** Of the tokens for our own requests: each is signed anew when half of it is over. */
const tokenLifeMs = 120_000
const plugin = 'janus.plugin.videoroom'

interface Up {
  socket: JanusSocket
  sessionId: number
  control: number
  handlers: Map<number, (event: JanusEvent) => void>
}

/** One session with one Janus, for as long as the service runs: begun again whenever it is lost. */
export class JanusLink {
  readonly server: Pick<JanusServer, 'id' | 'url'>
  readonly #options: JanusLinkOptions
  #up: Up | null = null
  #stopped = false
  #timer: NodeJS.Timeout | undefined
  #pauseMs = firstPauseMs
  #token = { text: '', renewAt: 0 }

  constructor(options: JanusLinkOptions) {
    this.server = options.server
    this.#options = options
  }

  get up(): boolean {
    return this.#up !== null
  }

  /** Resolves after the first attempt. */
  start(): Promise<void> {
    return this.#connect()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#up?.socket.close()
  }

  /** Whether Janus answers on this session, in `answerMs`. Never rejects; a session that is silent is begun anew. */
  async answers(): Promise<boolean> {
    const up = this.#up
    if (up === null) return false
    try {
      await this.#request(up, { janus: 'keepalive', session_id: up.sessionId })
      return true
    } catch {
      up.socket.close()
      return false
    }
  }

  /** A request to the VideoRoom that needs no place in a room. @throws JanusError, JanusAwayError */
  control(body: Record<string, unknown>): Promise<JanusEvent> {
    const up = this.#upOrThrow()
    return this.#send(up, up.control, body)
  }

  /** A handle whose events go to `onEvent`, until the session ends. @throws JanusError, JanusAwayError */
  async attach(onEvent: (event: JanusEvent) => void): Promise<JanusHandle> {
    const up = this.#upOrThrow()
    const id = await this.#attach(up)
    up.handlers.set(id, onEvent)
    return {
      send: (body) => this.#send(up, id, body),
      detach: async () => {
        up.handlers.delete(id)
        await this.#request(up, { janus: 'detach', session_id: up.sessionId, handle_id: id }).catch(() => {})
      },
    }
  }

  #upOrThrow(): Up {
    if (this.#up === null) throw new JanusAwayError(`There is no session with ${this.server.id}`)
    return this.#up
  }

  async #connect(): Promise<void> {
    if (this.#stopped) return
    const { server, log, onUp } = this.#options
    const handlers: Up['handlers'] = new Map()
    try {
      const socket = await JanusSocket.open({
        url: server.url,
        answerMs,
        onEvent: (message) => dispatch(handlers, message),
        onClosed: () => this.#lost(socket),
      })
      const up = await this.#begin(socket, handlers)
      if (this.#stopped) return socket.close()
      this.#up = up
      this.#pauseMs = firstPauseMs
      this.#timer = setInterval(() => void this.answers(), keepAliveMs).unref()
      onUp?.()
    } catch (err) {
      log.debug({ err, janus: server.id }, 'no session with Janus yet')
      this.#again()
    }
  }

  async #begin(socket: JanusSocket, handlers: Up['handlers']): Promise<Up> {
    try {
      const { data } = await socket.request({ janus: 'create', token: this.#currentToken() })
      const begun = { socket, sessionId: data?.id ?? 0, control: 0, handlers }
      return { ...begun, control: await this.#attach(begun) }
    } catch (error) {
      socket.close()
      throw error
    }
  }

  #lost(socket: JanusSocket): void {
    if (this.#up?.socket !== socket) return
    this.#up = null
    clearInterval(this.#timer)
    this.#options.onDown?.()
    this.#again()
  }

  #again(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#connect(), this.#pauseMs).unref()
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2)
  }

  async #attach(up: Up): Promise<number> {
    const { data } = await this.#request(up, { janus: 'attach', session_id: up.sessionId, plugin })
    return data?.id ?? 0
  }

  async #send(up: Up, handleId: number, body: Record<string, unknown>): Promise<JanusEvent> {
    const answer = await this.#request(up, { janus: 'message', session_id: up.sessionId, handle_id: handleId, body })
    return answer.plugindata?.data ?? {}
  }

  #request(up: Up, message: Record<string, unknown>): Promise<JanusMessage> {
    return up.socket.request({ ...message, token: this.#currentToken() })
  }

  #currentToken(): string {
    const now = this.#options.clock.now()
    if (now >= this.#token.renewAt) {
      const text = signJanusToken(this.#options.secrets.tokenSecret, now + tokenLifeMs)
      this.#token = { text, renewAt: now + tokenLifeMs / 2 }
    }
    return this.#token.text
  }
}

function dispatch(handlers: Up['handlers'], { janus, sender, plugindata }: JanusMessage): void {
  if (janus === 'event' && sender !== undefined && plugindata !== undefined) handlers.get(sender)?.(plugindata.data)
}
