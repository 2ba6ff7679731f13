import { once } from 'node:events'
import { eventually } from '@parley/kit/testing'
import WebSocket from 'ws'
import { roomTokenFor, type Account } from './accounts.ts'

export interface Message {
  type: string
  requestId?: string
  payload: Record<string, unknown>
  /** When it arrived, by `performance.now()`. */
  at: number
}

const patienceMs = 10_000

/** A socket that speaks the protocol and nothing more: it keeps all that arrives, with the time, and answers pings. */
export class ProtocolSocket {
  readonly all: Message[] = []
  closed: { code: number; at: number } | null = null
  readonly #socket: WebSocket
  readonly #handlers = new Map<string, (payload: Record<string, unknown>) => void>()
  #next = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Omit<Message, 'at'>))
    socket.on('close', (code) => (this.closed = { code, at: Date.now() }))
    // A close follows, and says how it ended.
    socket.on('error', () => socket.terminate())
  }

  /** Resolves when it is open; rejects with `refused: <status>`. `hint` is what the gateway chooses the node by. */
  static async open(gateway: string, token?: string, hint?: string): Promise<ProtocolSocket> {
    const protocols = token === undefined ? ['parley.v1'] : ['parley.v1', `bearer.${token}`]
    const path = hint === undefined ? '/v1/ws' : `/v1/ws?meeting=${hint}`
    const socket = new WebSocket(`${gateway.replace('http', 'ws')}${path}`, protocols)
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      throw new Error(`refused: ${(response as { statusCode: number }).statusCode}`)
    })
    const opened = new ProtocolSocket(socket)
    await Promise.race([once(socket, 'open'), refused])
    return opened
  }

  tell(type: string, payload: object = {}, requestId?: string): void {
    this.raw(JSON.stringify({ type, requestId, payload }))
  }

  raw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  /** Sends a request and resolves to its one answer. */
  async ask(type: string, payload: object = {}): Promise<Message> {
    const requestId = `q${this.#next++}`
    this.tell(type, payload, requestId)
    return eventually(() => {
      const answer = this.all.find((message) => message.requestId === requestId)
      if (answer) return answer
      throw new Error(`no answer to ${type}; closed: ${JSON.stringify(this.closed)}`)
    }, patienceMs)
  }

  /** The problem code of the answer, or its type when it is no problem. */
  async outcome(type: string, payload: object = {}): Promise<string> {
    const answer = await this.ask(type, payload)
    return answer.type === 'error' ? String(answer.payload['code']) : answer.type
  }

  waitFor(
    type: string,
    matches: (payload: Record<string, unknown>) => boolean = () => true,
    withinMs = patienceMs,
  ): Promise<Message> {
    return eventually(() => {
      const found = this.all.find((message) => message.type === type && matches(message.payload))
      if (found) return found
      throw new Error(`no ${type} among ${this.all.map((message) => message.type).join(' ')}`)
    }, withinMs)
  }

  /** The close code and when it came, ms since 1970. */
  waitForClose(withinMs = patienceMs): Promise<{ code: number; at: number }> {
    return eventually(() => {
      if (this.closed) return this.closed
      throw new Error('still open')
    }, withinMs)
  }

  /** Calls `handler` with every message of that type that comes from now on. */
  on(type: string, handler: (payload: Record<string, unknown>) => void): void {
    this.#handlers.set(type, handler)
  }

  drop(): void {
    this.#socket.terminate()
  }

  #receive(message: Omit<Message, 'at'>): void {
    this.all.push({ ...message, at: performance.now() })
    if (message.type === 'ping') this.tell('pong')
    this.#handlers.get(message.type)?.(message.payload)
  }
}

export interface Seated {
  who: Account
  socket: ProtocolSocket
  /** The participant's id. */
  id: string
  /** The payload of `room.joined` or `lobby.waiting`. */
  entered: Record<string, unknown>
}

/** Asks for a room token, opens a socket and enters, or waits in the lobby. */
export async function takeSeat(
  gateway: string,
  who: Account,
  meeting: { code: string },
  hint?: string,
): Promise<Seated> {
  const roomToken = await roomTokenFor(gateway, who, meeting)
  const socket = await ProtocolSocket.open(gateway, who.token, hint)
  const answer = await socket.ask('room.join', { roomToken, device: { mic: true, cam: true } })
  const { payload } = answer
  if (answer.type === 'lobby.waiting') return { who, socket, id: String(payload['participantId']), entered: payload }
  if (answer.type !== 'room.joined') throw new Error(`${who.name} was not let in: ${JSON.stringify(payload)}`)
  return { who, socket, id: (payload['selfParticipant'] as { id: string }).id, entered: payload }
}
