import { once } from 'node:events'
import { eventually } from '@parley/kit/testing'
import WebSocket from 'ws'

type Message = Record<string, unknown> & { janus: string; transaction?: string }

const keepAliveMs = 10_000

/** Plain Janus JSON over the WebSocket of the gateway, as any client of Janus speaks it. */
export class JanusSocket {
  readonly all: Message[] = []
  readonly #socket: WebSocket
  readonly #token: string
  readonly #timer: NodeJS.Timeout
  #next = 0
  #session: Record<string, unknown> = {}

  private constructor(socket: WebSocket, token: string) {
    this.#socket = socket
    this.#token = token
    socket.on('message', (data) => this.all.push(JSON.parse(String(data)) as Message))
    socket.on('error', () => socket.terminate())
    this.#timer = setInterval(() => this.#send({ janus: 'keepalive', ...this.#session }), keepAliveMs)
  }

  static async open(url: string, accessToken: string, token: string): Promise<JanusSocket> {
    const socket = new WebSocket(url, ['janus-protocol', `bearer.${accessToken}`])
    const opened = new JanusSocket(socket, token)
    await once(socket, 'open')
    return opened
  }

  /** A handle of the VideoRoom, to be given to `ask`. */
  async attach(): Promise<Record<string, unknown>> {
    const created = await this.#answer({ janus: 'create' })
    this.#session = { session_id: (created['data'] as { id: number }).id }
    const attached = await this.#answer({ janus: 'attach', plugin: 'janus.plugin.videoroom', ...this.#session })
    return { ...this.#session, handle_id: (attached['data'] as { id: number }).id }
  }

  /** Sends a request to the VideoRoom; resolves with its event. */
  async ask(handle: Record<string, unknown>, body: object, jsep?: object): Promise<Message> {
    const message = await this.#answer({ janus: 'message', ...handle, body, ...(jsep && { jsep }) })
    const data = (message['plugindata'] as { data?: Record<string, unknown> } | undefined)?.data
    if (data?.['error'] !== undefined) throw new Error(`Janus refused: ${JSON.stringify(data)}`)
    return message
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket.terminate()
  }

  #answer(message: object): Promise<Message> {
    const transaction = `t${this.#next++}`
    this.#send({ ...message, transaction })
    return eventually(() => {
      const found = this.all.find((one) => one.transaction === transaction && one.janus !== 'ack')
      if (found === undefined) throw new Error(`no answer to ${JSON.stringify(message).slice(0, 200)}`)
      if (found.janus === 'error') throw new Error(`Janus refused: ${JSON.stringify(found)}`)
      return found
    }, 10_000)
  }

  #send(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN)
      this.#socket.send(JSON.stringify({ transaction: `k${this.#next++}`, token: this.#token, ...message }))
  }
}
