import { once } from 'node:events'
import { eventually } from '@parley/kit/testing'
import WebSocket from 'ws'

export interface WireMessage {
  type: string
  requestId?: string
  payload: Record<string, unknown>
}

/** A client written from the protocol alone: sends text frames, keeps everything that arrives. */
export class WireClient {
  readonly received: WireMessage[] = []
  readonly #socket: WebSocket
  closed: { code: number; reason: string } | null = null
  #next = 0

  constructor(url: string, protocols: string[]) {
    this.#socket = new WebSocket(url, protocols)
    this.#socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as WireMessage))
    this.#socket.on('close', (code, reason) => (this.closed = { code, reason: String(reason) }))
    this.#socket.on('error', () => (this.closed ??= { code: 0, reason: 'error' }))
  }

  /** Resolves when it is open; rejects with the status of a refused upgrade. */
  async open(): Promise<this> {
    const refused = once(this.#socket, 'unexpected-response').then(([, response]) => {
      throw new Error(`upgrade refused: ${(response as { statusCode: number }).statusCode}`)
    })
    await Promise.race([once(this.#socket, 'open'), refused])
    return this
  }

  /** Sends a request and waits for its one answer. */
  async ask(type: string, payload: object = {}, requestId = `r${this.#next++}`): Promise<WireMessage> {
    const before = this.answersTo(requestId).length
    this.tell(type, payload, requestId)
    await eventually(() => {
      if (this.answersTo(requestId).length === before) throw new Error(`no answer to ${type}`)
    }, 8_000)
    return this.answersTo(requestId).at(-1) as WireMessage
  }

  tell(type: string, payload?: object, requestId?: string): void {
    this.raw(JSON.stringify({ type, requestId, payload }))
  }

  raw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  answersTo(requestId: string): WireMessage[] {
    return this.received.filter((message) => message.requestId === requestId)
  }

  of(type: string): WireMessage[] {
    return this.received.filter((message) => message.type === type)
  }

  async waitFor(
    type: string,
    matches: (payload: Record<string, unknown>) => boolean = () => true,
  ): Promise<WireMessage> {
    let found: WireMessage | undefined
    await eventually(() => {
      found = this.of(type).find(({ payload }) => matches(payload))
      if (!found) throw new Error(`no ${type} among: ${this.received.map((message) => message.type).join(' ')}`)
    }, 8_000)
    return found as WireMessage
  }

  async waitForClose(): Promise<number> {
    await eventually(() => {
      if (!this.closed) throw new Error('still open')
    }, 15_000)
    return this.closed?.code ?? 0
  }

  /** Reads nothing from now on, as over a link that takes nothing. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  drop(): void {
    this.#socket.terminate()
  }

  close(): void {
    this.#socket.close()
  }

  #receive(message: WireMessage): void {
    this.received.push(message)
    if (message.type === 'ping') this.tell('pong')
  }
}
