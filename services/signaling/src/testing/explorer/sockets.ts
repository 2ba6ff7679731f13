import { closeCodes, type CloseReason, type Principal } from '@parley/contracts'
import { newId } from '@parley/kit'
import type { Connections } from '../../clients/connections.ts'
import type { ClientSocket } from '../../session/client-socket.ts'
import type { Connection } from '../../session/session.ts'
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
 * One WebSocket between a client and a node: frames in order each way, closed by either end, broken, or silent, when what is sent
 * gets lost and no end hears of it. To the node it is a client's socket like those of links, with a copy of each broadcast for itself.
 */
export class Wire implements ClientSocket {
  /** The client's view of it. */
  state: 'open' | 'closed' = 'open'
  readonly server: Actor
  readonly idle = true
  closedWith: number | null = null
  #silent = false
  readonly #ends: Ends
  readonly #client: ClientEnd
  /** The node's view of it. */
  #node: 'open' | 'closing' | 'closed' = 'open'
  #hears: { receive(text: string): void; lost(): void } = { receive() {}, lost() {} }
  #toClient = 0
  #toServer = 0

  constructor(ends: Ends, client: ClientEnd) {
    this.#ends = ends
    this.#client = client
    this.server = ends.server
  }

  get open(): boolean {
    return this.#node === 'open'
  }

  /** Before anything else arrives there. */
  attach(connections: Connections, principal: Principal): void {
    this.#toNode(() => {
      const connection: Connection = connections.add(this, principal, { requestId: newId(), client: newId() })
      this.#hears = {
        receive: (text) => connections.receive(connection, Buffer.from(text), false),
        lost: () => connections.lost(connection),
      }
    })
  }

  /** By the client. */
  say(text: string): void {
    if (this.state === 'open') this.#toNode(() => this.open && this.#hears.receive(text))
  }

  /** By the node. */
  send(frame: Buffer): void {
    if (!this.open || this.#silent) return
    const text = frame.toString('utf8', frame.indexOf('{"type"'))
    this.#toBrowser(() => this.state === 'open' && this.#client.onMessage(JSON.parse(text) as WireMessage))
  }

  castWith(_cast: unknown, frame: Buffer): void {
    this.send(frame)
  }

  hold(): void {}
  began(): void {}
  finished(): void {}

  /** By the node. */
  close(reason: CloseReason): void {
    if (!this.open) return
    this.#node = 'closing'
    this.closedWith = closeCodes[reason].code
    if (this.#silent) return
    this.#toBrowser(() => {
      this.#clientHears(closeCodes[reason].code)
      this.#toNode(() => this.#serverHears())
    })
  }

  /** By the client, who is gone then. */
  leave(): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.#toNode(() => this.#serverHears())
  }

  /** Both ends hear of it. */
  break(): void {
    const { client, loop } = this.#ends
    loop.after(0, client, () => this.#clientHears(1006))
    this.#toNode(() => this.#serverHears())
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

  #clientHears(code: number): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.#client.onClose(code)
  }

  #serverHears(): void {
    if (this.#node === 'closed') return
    this.#node = 'closed'
    this.#hears.lost()
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
