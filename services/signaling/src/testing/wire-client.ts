import { once } from 'node:events'
import {
  closeCodes,
  link as contract,
  toGateway,
  toNode,
  type LinkClose,
  type LinkHeld,
  type LinkRefused,
  type LinkSession,
} from '@parley/contracts'
import {
  jsonBody,
  newId,
  numberBody,
  readCast,
  readJson,
  readRecords,
  writeRecords,
  type LinkRecord,
} from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import WebSocket from 'ws'

export interface WireMessage {
  type: string
  requestId?: string
  payload: Record<string, unknown>
}

/** The address of a node's links, and its key. */
export interface NodeAddress {
  url: string
  key: string
}

/** The number of the one session on each link. */
const session = 1

/** Opens a link to a node; rejects when the node refuses it. */
export async function openLink({ url, key }: NodeAddress): Promise<WebSocket> {
  const link = new WebSocket(url, contract.subprotocol, { headers: { authorization: `Bearer ${key}` } })
  const refused = once(link, 'unexpected-response').then(([, answer]) => {
    throw new Error(`refused: ${(answer as { statusCode: number }).statusCode}`)
  })
  await Promise.race([once(link, 'open'), refused])
  return link
}

/**
 * A client and its gateway in one, written from the protocol alone: it has a link for itself, sends text frames, and keeps everything
 * that arrives.
 */
export class WireClient {
  readonly received: WireMessage[] = []
  closed: { code: number; reason: string } | null = null
  /** The node has asked for its sessions to be moved. */
  draining = false
  /** Without it, a ping gets no answer. */
  answersPings = true
  readonly #token: string | null
  readonly #secret = newId()
  #link: WebSocket | null = null
  #held: LinkSession | null = null
  #group = 0
  #next = 0

  constructor(token: string | null) {
    this.#token = token
  }

  /** Resolves when a node has taken it, with the session that it had elsewhere if it had one; rejects with the status of a refusal. */
  async open(at: NodeAddress): Promise<this> {
    const link = await openLink(at)
    const former = this.#link
    const answered = new Promise<void>((resolve, reject) => {
      link.on('message', (data) => {
        for (const record of readRecords(data as Buffer)) {
          if (record.kind === toGateway.attached) resolve()
          else if (record.kind === toGateway.refused) reject(refusal(record))
          // The new node says again whatever the node of before still says.
          else if (this.#link === link) this.#take(record)
        }
      })
    })
    link.on('error', () => link.terminate())
    link.on('close', () => this.#link === link && this.#end(1006, 'error'))
    this.#link = link
    this.#group = 0
    this.draining = false
    this.#write(
      toNode.attach,
      jsonBody({ requestId: 'r', client: this.#secret, accessToken: this.#token, session: this.#held }),
    )
    await answered
    former?.terminate()
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
    if (typeof data === 'string') this.#write(toNode.input, Buffer.from(data))
    else this.#write(toNode.binary)
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

  /** Reads nothing from now on, and its gateway says so. */
  pause(): void {
    this.#write(toNode.slow, numberBody(1))
    this.#link?.pause()
  }

  resume(): void {
    this.#write(toNode.slow, numberBody(0))
    this.#link?.resume()
  }

  /** The socket breaks. */
  drop(): void {
    this.#leave(1006)
  }

  close(): void {
    this.#leave(1000)
  }

  #leave(code: number): void {
    this.#write(toNode.detach, numberBody(code))
    this.#end(code, '')
  }

  #end(code: number, reason: string): void {
    this.closed ??= { code, reason }
    const link = this.#link
    this.#link = null
    link?.close()
  }

  #write(kind: number, body: Buffer = Buffer.alloc(0)): void {
    this.#link?.send(writeRecords([{ kind, id: session, body }]))
  }

  #take({ kind, id, body }: LinkRecord): void {
    if (kind === toGateway.send || kind === toGateway.signal) return this.#receive(body)
    if (kind === toGateway.join) this.#group = id
    if (kind === toGateway.leave) this.#group = 0
    if (kind === toGateway.hold) this.#held = (readJson(body) as LinkHeld).session ?? this.#held
    if (kind === toGateway.draining) this.draining = true
    if (kind === toGateway.close) {
      const { reason, text } = readJson(body) as LinkClose
      return this.#end(closeCodes[reason].code, text)
    }
    if (kind !== toGateway.cast || id !== this.#group) return
    const { v, except, frame } = readCast(body)
    if (this.#held !== null && v > this.#held.v) this.#held = { ...this.#held, v }
    if (!except.includes(session)) this.#receive(frame)
  }

  #receive(frame: Buffer): void {
    const message = JSON.parse(frame.toString('utf8', frame.indexOf('{"type"'))) as WireMessage
    this.received.push(message)
    if (message.type === 'ping' && this.answersPings) this.tell('pong')
  }
}

const refusal = ({ body }: LinkRecord): Error => {
  const { problem } = readJson(body) as LinkRefused
  return new Error(`upgrade refused: ${problem.status}`)
}
