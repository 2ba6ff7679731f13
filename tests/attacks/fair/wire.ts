import WebSocket from 'ws'

export interface Answer {
  status: number
  body: Record<string, unknown>
  /** ms */
  took: number
}

/** A request that comes from an address, as a proxy in front tells it. */
export async function call(
  gateway: string,
  from: string,
  [method, path]: readonly [string, string],
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<Answer> {
  const since = performance.now()
  const response = await fetch(gateway + path, {
    method,
    headers: {
      'x-forwarded-for': from,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  })
  const text = await response.text()
  const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
  return { status: response.status, body: parsed, took: performance.now() - since }
}

export interface Message {
  type: string
  requestId?: string
  payload: Record<string, unknown>
}

/** A socket that comes from an address. It answers pings; `hear` gets the rest. */
export class Line {
  /** The close code, once it is closed. */
  closed: number | null = null
  hear: (message: Message) => void = () => {}
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, (message: Message) => void>()
  #next = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('close', (code) => (this.closed = code))
    socket.on('error', () => socket.terminate())
    socket.on('message', (data) => {
      const message = { payload: {}, ...(JSON.parse(String(data)) as Omit<Message, 'payload'>) }
      if (message.type === 'ping') this.tell('pong')
      const answer = this.#waiting.get(message.requestId ?? '')
      if (answer === undefined) return this.hear(message)
      this.#waiting.delete(message.requestId ?? '')
      answer(message)
    })
  }

  /** Resolves when it is open; rejects with the status of a refusal. */
  static open(gateway: string, from: string, token: string): Promise<Line> {
    const socket = new WebSocket(`${gateway.replace('http', 'ws')}/v1/ws`, ['parley.v1', `bearer.${token}`], {
      headers: { 'x-forwarded-for': from },
      handshakeTimeout: 10_000,
    })
    return new Promise((resolve, reject) => {
      const line = new Line(socket)
      socket.once('open', () => resolve(line))
      socket.once('unexpected-response', (_, { statusCode }) => reject(new Error(`refused: ${statusCode}`)))
      socket.once('error', reject)
    })
  }

  tell(type: string, payload: object = {}, requestId?: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type, requestId, payload }))
  }

  /** Resolves to the answer; rejects when none comes within 10 s. */
  ask(type: string, payload: object = {}): Promise<Message> {
    this.#next += 1
    const requestId = `q${this.#next}`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${type}; closed: ${this.closed}`)), 10_000)
      this.#waiting.set(requestId, (message) => {
        clearTimeout(timer)
        resolve(message)
      })
      this.tell(type, payload, requestId)
    })
  }

  drop(): void {
    this.#socket.terminate()
  }
}
