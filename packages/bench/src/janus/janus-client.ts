import { randomUUID } from 'node:crypto'
import type { Sfu } from '@parley/contracts'
import WebSocket from 'ws'

export interface JanusAnswer {
  janus: string
  data?: { id: number }
  error?: { code: number; reason: string }
  plugindata?: { data: Record<string, unknown> }
  jsep?: { type: 'offer' | 'answer'; sdp: string }
}
export type JanusNews = Omit<JanusAnswer, 'error' | 'data'>
type Message = JanusAnswer & { transaction?: string; sender?: number }

const patienceMs = 8_000
const keepAliveMs = 20_000

/** A client that knows only the answer of `janus-token`: plain Janus JSON over a WebSocket of the gateway. */
export class JanusClient {
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, (message: Message) => void>()
  readonly #handlers = new Map<number, (news: JanusNews) => void>()
  readonly #timer: NodeJS.Timeout
  /** Goes with every request; replaced when new tokens come. */
  token: string
  session = 0
  closed: { code: number; at: number } | null = null

  private constructor(socket: WebSocket, token: string) {
    this.#socket = socket
    this.token = token
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Message))
    socket.on('close', (code) => {
      this.closed = { code, at: Date.now() }
      clearInterval(this.#timer)
    })
    socket.on('error', () => socket.terminate())
    this.#timer = setInterval(() => {
      if (this.session !== 0) void this.request({ janus: 'keepalive' }).catch(() => {})
    }, keepAliveMs).unref()
  }

  /** Rejects with `refused: <status>` when the gateway refuses. */
  static async open(
    { url, subprotocol, token }: Pick<Sfu, 'url' | 'subprotocol' | 'token'>,
    accessToken: string | null,
  ): Promise<JanusClient> {
    const protocols = accessToken === null ? [subprotocol] : [subprotocol, `bearer.${accessToken}`]
    const socket = new WebSocket(url, protocols)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', reject)
      socket.once('unexpected-response', (_request, answer) => {
        reject(new Error(`refused: ${answer.statusCode}`))
        socket.terminate()
      })
    })
    return new JanusClient(socket, token)
  }

  /** Begins a session. */
  async create(): Promise<number> {
    this.session = 0
    this.session = (await this.request({ janus: 'create' })).data?.id ?? 0
    return this.session
  }

  /** Goes on with a session of before, after the socket was lost. */
  async claim(session: number): Promise<void> {
    this.session = session
    await this.request({ janus: 'claim' })
  }

  async attach(onNews: (news: JanusNews) => void = () => {}): Promise<number> {
    const handle = (await this.request({ janus: 'attach', plugin: 'janus.plugin.videoroom' })).data?.id ?? 0
    this.#handlers.set(handle, onNews)
    return handle
  }

  /** After a claim the handles are still there. */
  listen(handle: number, onNews: (news: JanusNews) => void): void {
    this.#handlers.set(handle, onNews)
  }

  /** A request to the VideoRoom; resolves with the event that answers it. Rejects with `Janus <code>: <reason>`. */
  message(handle: number, body: object, jsep?: JanusAnswer['jsep']): Promise<JanusAnswer> {
    return this.request({ janus: 'message', handle_id: handle, body, ...(jsep && { jsep }) })
  }

  request(message: Record<string, unknown>): Promise<JanusAnswer> {
    const transaction = randomUUID()
    const session = this.session === 0 ? {} : { session_id: this.session }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(`no answer to ${String(message['janus'])}`)), patienceMs)
      const settle = (result: Message | Error): void => {
        clearTimeout(timer)
        this.#waiting.delete(transaction)
        if (result instanceof Error) reject(result)
        else resolve(result)
      }
      this.#waiting.set(transaction, (answer) => {
        if (answer.janus === 'ack' && message['janus'] !== 'keepalive') return
        settle(failureOf(answer) ?? answer)
      })
      this.raw(JSON.stringify({ token: this.token, ...session, ...message, transaction }))
    })
  }

  raw(text: string): void {
    this.#socket.send(text)
  }

  /** The network is gone: no close frame, nothing. */
  drop(): void {
    this.#socket.terminate()
  }

  #receive(message: Message): void {
    const waiting = this.#waiting.get(message.transaction ?? '')
    if (waiting !== undefined) return waiting(message)
    if (message.sender !== undefined) this.#handlers.get(message.sender)?.(message)
  }
}

function failureOf({ error, plugindata }: Message): Error | null {
  if (error !== undefined) return new Error(`Janus ${error.code}: ${error.reason}`)
  const data = plugindata?.data ?? {}
  return data['error_code'] === undefined
    ? null
    : new Error(`Janus ${String(data['error_code'])}: ${String(data['error'])}`)
}
