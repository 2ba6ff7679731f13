import { link as contract, LinkAttach, toGateway, toNode, type LinkRefused } from '@parley/contracts'
import {
  asProblem,
  compile,
  jsonBody,
  LinkFormatError,
  LinkWriter,
  ProblemError,
  readJson,
  readRecords,
  type LinkRecord,
  readNumber,
} from '@parley/kit'
import type { WebSocket } from 'ws'
import type { Connection } from '../session/session.ts'
import { LinkSocket } from './link-socket.ts'

/** The dependencies of a link. */
export interface LinkHost {
  /** Attaches a client's socket; rejects with the problem that it is refused with. */
  attach(socket: LinkSocket, asked: LinkAttach): Promise<Connection>
  receive(connection: Connection, data: Buffer, isBinary: boolean): void
  /** `code`: how its socket was closed. */
  lost(connection: Connection, code?: number): void
  monotonic(): number
}

/** So much may wait for a gateway that does not read: a second of a busy node. Then the link is dead. */
const maxWaitingBytes = 64 * 1_024 * 1_024
/** Of the longest message of a client, and one to spare. */
const maxParts = 3
const faultsOfAttach = compile(LinkAttach)

interface Attached {
  socket: LinkSocket
  /** Null until it is let in. */
  connection: Connection | null
  /** Of an input that comes in several. */
  parts: Buffer[]
}

/** One gateway's link to this node, and the sessions whose sockets that gateway holds. */
export class Link {
  readonly #ws: WebSocket
  readonly #host: LinkHost
  readonly #writer: LinkWriter
  readonly #sessions = new Map<number, Attached>()
  #groups = 0
  #heardAt: number

  constructor(ws: WebSocket, host: LinkHost) {
    this.#ws = ws
    this.#host = host
    this.#heardAt = host.monotonic()
    this.#writer = new LinkWriter({ send: (message) => this.#send(message) }, contract.maxMessageBytes.toGateway)
    ws.on('message', (data) => this.#hear(data as Buffer))
    ws.on('close', () => this.#ended())
  }

  get size(): number {
    return this.#sessions.size
  }

  write(kind: number, id: number, body?: Buffer): void {
    this.#writer.write(kind, id, body)
  }

  newGroupId(): number {
    this.#groups += 1
    return this.#groups
  }

  /** The socket was closed from here; its gateway has been told. */
  closed({ id }: LinkSocket): void {
    const { connection } = this.#sessions.get(id) ?? {}
    this.#sessions.delete(id)
    // The caller that closes it finishes first.
    if (connection) setImmediate(() => this.#host.lost(connection))
  }

  /** Asks the gateway to attach its sessions elsewhere. */
  drain(): void {
    this.write(toGateway.draining, 0)
  }

  /** Tells the gateway that this node takes sessions again. */
  undrain(): void {
    this.write(toGateway.serving, 0)
  }

  /** Ends the link with all sessions that are left; the gateway goes on with them elsewhere. */
  end(): void {
    this.#writer.flush()
    this.#ws.terminate()
  }

  /** Ends it if nothing was heard of the gateway for too long; called on a timer. */
  check(now: number): void {
    if (now - this.#heardAt > contract.gatewaySilentMs) this.end()
  }

  #send(message: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#ws.send(message)
    if (this.#ws.bufferedAmount > maxWaitingBytes) this.#ws.terminate()
  }

  #hear(message: Buffer): void {
    this.#heardAt = this.#host.monotonic()
    try {
      for (const record of readRecords(message)) this.#take(record)
    } catch (error) {
      if (!(error instanceof LinkFormatError)) throw error
      this.#ws.close(1002, error.message)
    }
  }

  #take({ kind, id, body }: LinkRecord): void {
    switch (kind) {
      case toNode.ask:
        return this.write(toGateway.alive, 0)
      case toNode.attach:
        return void this.#attach(id, readJson(body))
      case toNode.detach:
        return this.#detach(id, body.length > 0 ? readNumber(body) : undefined)
      case toNode.part:
        return this.#part(id, body)
      case toNode.slow:
        return this.#slow(id, readNumber(body) === 1)
      case toNode.input:
      case toNode.binary:
        return this.#input(id, body, kind === toNode.binary)
      default:
        throw new LinkFormatError(`There is no record of kind ${kind}`)
    }
  }

  #part(id: number, body: Buffer): void {
    const { parts = [] } = this.#sessions.get(id) ?? {}
    if (parts.push(Buffer.from(body)) > maxParts) throw new LinkFormatError('An input is longer than any message')
  }

  #slow(id: number, isSlow: boolean): void {
    const { socket } = this.#sessions.get(id) ?? {}
    if (socket) socket.idle = !isSlow
  }

  #input(id: number, body: Buffer, isBinary: boolean): void {
    const { connection, socket, parts = [] } = this.#sessions.get(id) ?? {}
    if (!connection || !socket) return
    // A copy: what is kept of a request must not keep the message that it came in.
    const data = Buffer.concat([...parts.splice(0), body])
    socket.began()
    this.#host.receive(connection, data, isBinary)
  }

  async #attach(id: number, asked: unknown): Promise<void> {
    if (this.#sessions.has(id) || faultsOfAttach(asked).length > 0) return this.#ws.close(1002, 'not an attach')
    const attached: Attached = { socket: new LinkSocket(this, id), connection: null, parts: [] }
    this.#sessions.set(id, attached)
    try {
      attached.connection = await this.#host.attach(attached.socket, asked as LinkAttach)
    } catch (error) {
      this.#sessions.delete(id)
      attached.socket.gone()
      this.write(toGateway.refused, id, jsonBody({ problem: problemOf(error) } satisfies LinkRefused))
      return
    }
    // The gateway, or the link, has gone meanwhile.
    if (this.#sessions.get(id) !== attached) return this.#host.lost(attached.connection)
    this.write(toGateway.attached, id)
  }

  #detach(id: number, code?: number): void {
    const attached = this.#sessions.get(id)
    this.#sessions.delete(id)
    attached?.socket.gone()
    if (attached?.connection) this.#host.lost(attached.connection, code)
  }

  #ended(): void {
    for (const id of this.#sessions.keys()) this.#detach(id)
  }
}

const problemOf = (error: unknown) => (asProblem(error) ?? new ProblemError('internal')).toProblem()
