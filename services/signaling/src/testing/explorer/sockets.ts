import { EventEmitter } from 'node:events'
import type { Socket as TcpSocket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Actor, Loop } from './loop.ts'

export interface WireMessage {
  type: string
  requestId?: string
  payload: Record<string, unknown>
}

interface Ends {
  loop: Loop
  client: Actor
  server: Actor
  latency(): number
}

/** The client's end. */
export interface ClientEnd {
  onMessage(message: WireMessage): void
  /** 1006: it just broke. */
  onClose(code: number): void
}

/**
 * One WebSocket between a client and a node: frames in order each way, closed by either end, broken, or silent. A silent one loses frames,
 * and no end hears of it.
 */
export class Wire {
  /** As `ws` and Node.js show them to the node. */
  readonly ws: WebSocket
  readonly tcp: TcpSocket
  /** The client's view of it. */
  state: 'open' | 'closed' = 'open'
  readonly server: Actor
  #silent = false
  readonly #ends: Ends
  readonly #client: ClientEnd
  readonly #socket = Object.assign(new EventEmitter(), { OPEN: 1, readyState: 1 })
  #toClient = 0
  #toServer = 0

  constructor(ends: Ends, client: ClientEnd) {
    this.#ends = ends
    this.#client = client
    this.server = ends.server
    const close = (code: number) => this.#closedByServer(code)
    const end = () => this.#serverHears('close')
    this.ws = Object.assign(this.#socket, { close, terminate: end, pong() {} }) as unknown as WebSocket
    const write = (data: Buffer) => this.#write(data)
    this.tcp = { setNoDelay() {}, on() {}, write, writableLength: 0 } as unknown as TcpSocket
  }

  /** Before anything else arrives there. */
  open(arrive: () => void): void {
    this.#toNode(arrive)
  }

  send(text: string): void {
    if (this.state === 'open')
      this.#toNode(() => this.#socket.readyState === 1 && this.#socket.emit('message', Buffer.from(text), false))
  }

  /** By the client, who is gone then. */
  close(): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.#toNode(() => this.#serverHears('close'))
  }

  /** Both ends hear of it. */
  break(): void {
    const { client, loop } = this.#ends
    loop.after(0, client, () => this.#clientHears(1006))
    this.#toNode(() => this.#serverHears('close'))
  }

  /** From now on nothing passes; both ends have to find out. */
  fallSilent(): void {
    this.#silent = true
  }

  /** The node's process is gone. */
  cutByDeath(): void {
    const { client, latency, loop } = this.#ends
    if (!this.#silent) loop.after(latency(), client, () => this.#clientHears(1006))
  }

  #write(data: Buffer): boolean {
    if (this.#silent) return true
    for (const text of textsIn(data))
      this.#toBrowser(() => this.state === 'open' && this.#client.onMessage(JSON.parse(text) as WireMessage))
    return true
  }

  #closedByServer(code: number): void {
    if (this.#socket.readyState !== 1) return
    this.#socket.readyState = 2
    if (this.#silent) return
    this.#toBrowser(() => {
      this.#clientHears(code)
      this.#toNode(() => this.#serverHears('close'))
    })
  }

  #clientHears(code: number): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.#client.onClose(code)
  }

  #serverHears(event: 'close'): void {
    if (this.#socket.readyState === 3) return
    this.#socket.readyState = 3
    this.#socket.emit(event)
  }

  #toBrowser(arrive: () => unknown): void {
    const { client, latency, loop } = this.#ends
    this.#toClient = Math.max(this.#toClient, loop.now + latency())
    loop.at(this.#toClient, client, () => {
      if (!this.#silent) arrive()
    })
  }

  #toNode(arrive: () => unknown): void {
    const { latency, loop, server } = this.#ends
    if (this.#silent) return
    this.#toServer = Math.max(this.#toServer, loop.now + latency())
    loop.at(this.#toServer, server, () => {
      if (!this.#silent) arrive()
    })
  }
}

/** The texts of unmasked, unfragmented frames (RFC 6455, 5.2). */
function textsIn(data: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < data.length;) {
    const short = data[at + 1] ?? 0
    const [header, length] =
      short < 126
        ? [2, short]
        : short === 126
          ? [4, data.readUInt16BE(at + 2)]
          : [10, Number(data.readBigUInt64BE(at + 2))]
    texts.push(data.toString('utf8', at + header, at + header + length))
    at += header + length
  }
  return texts
}
