import {
  LinkClose,
  LinkHeld,
  LinkRefused,
  link as contract,
  toGateway,
  toNode,
  type CastClass,
  type LinkAttach,
} from '@parley/contracts'
import {
  compile,
  jsonBody,
  LinkFormatError,
  LinkWriter,
  Pace,
  readCast,
  readJson,
  readNumber,
  readRecords,
  WriteBatch,
  type Faults,
  type Instance,
  type LinkRecord,
  numberBody,
} from '@parley/kit'
import type { WebSocket } from 'ws'

/** A session whose socket is held here, as the link to its node sees it. */
export interface LinkedSession {
  attached(): void
  refused(problem: LinkRefused['problem']): void
  /** A frame for this client; signals are counted. */
  take(frame: Buffer, isSignal: boolean): void
  takeCast(frame: Buffer, kind: CastClass, batch: WriteBatch): void
  closed(why: LinkClose): void
  hold(held: LinkHeld): void
  /** So many inputs are done, from the first of this attachment on. */
  done(count: number): void
  /** It leaves a group, and has been told the room up to this version. */
  seen(v: number): void
  /** The link has gone, and with it the attachment. */
  lost(): void
}

/** The sessions of one room at this node. */
interface Group {
  id: number
  members: Map<number, LinkedSession>
  /** The version that all of them have been told. */
  v: number
  batch: WriteBatch
  pace: Pace
}

interface LinkedEntry {
  session: LinkedSession
  group: Group | null
}

/** So much may wait for a node that does not read. Then the link is dead. */
const maxWaitingBytes = 64 * 1_024 * 1_024
/** Longer inputs are sent in parts. */
const partBytes = 32 * 1_024
const faultsOf = { close: compile(LinkClose), held: compile(LinkHeld), refused: compile(LinkRefused) }

/** The link to one node: what clients send goes in, what they are to get comes out. It never looks into a payload. */
export class NodeLink {
  readonly node: Instance
  /** When something was heard of the node last, by the monotonic clock. */
  heardAt = performance.now()
  /** The node goes away and takes nothing new. */
  draining = false
  readonly #ws: WebSocket
  readonly #writer: LinkWriter
  readonly #entries = new Map<number, LinkedEntry>()
  readonly #groups = new Map<number, Group>()
  #ids = 0

  /** `ws` is open. `onDraining` is called when the node asks for its sessions to be moved. */
  constructor(node: Instance, ws: WebSocket, { onDraining }: { onDraining: (link: NodeLink) => void }) {
    this.node = node
    this.#ws = ws
    this.#writer = new LinkWriter({ send: (message) => this.#send(message) }, contract.maxMessageBytes.toNode)
    ws.on('message', (data) => this.#hear(data as Buffer, onDraining))
    ws.on('close', () => this.#ended())
  }

  get up(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }

  /** How many sessions it has. */
  get size(): number {
    return this.#entries.size
  }

  sessions(): LinkedSession[] {
    return [...this.#entries.values()].map(({ session }) => session)
  }

  /** Asks the node to take a session; it is told what comes of that. Returns the number of the attachment. */
  attach(session: LinkedSession, asked: LinkAttach): number {
    this.#ids += 1
    this.#entries.set(this.#ids, { session, group: null })
    this.#writer.write(toNode.attach, this.#ids, jsonBody(asked))
    return this.#ids
  }

  input(id: number, data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.#writer.write(toNode.binary, id)
    let at = 0
    for (; data.length - at > partBytes; at += partBytes)
      this.#writer.write(toNode.part, id, data.subarray(at, at + partBytes))
    this.#writer.write(toNode.input, id, at === 0 ? data : data.subarray(at))
  }

  /** Nothing more is taken from the node for this session; the node goes on until it is told, or the session is taken from it. */
  forget(id: number): void {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    if (entry) this.#ungroup(id, entry)
  }

  /** The client has gone, with this close code, or goes on with another node. */
  detach(id: number, code?: number): void {
    this.forget(id)
    if (this.up) this.#writer.write(toNode.detach, id, code === undefined ? undefined : numberBody(code))
  }

  ask(): void {
    this.#writer.write(toNode.ask, 0)
  }

  end(): void {
    this.#ws.terminate()
  }

  #send(message: Buffer): void {
    if (!this.up) return
    this.#ws.send(message)
    if (this.#ws.bufferedAmount > maxWaitingBytes) this.#ws.terminate()
  }

  #hear(message: Buffer, onDraining: (link: NodeLink) => void): void {
    this.heardAt = performance.now()
    try {
      for (const record of readRecords(message)) {
        if (record.kind === toGateway.serving) this.draining = false
        else if (record.kind !== toGateway.draining) this.#take(record)
        else {
          this.draining = true
          onDraining(this)
        }
      }
    } catch (error) {
      if (!(error instanceof LinkFormatError)) throw error
      this.#ws.close(1002, error.message)
    }
  }

  #take({ kind, id, body }: LinkRecord): void {
    switch (kind) {
      case toGateway.cast:
        return this.#cast(id, body)
      case toGateway.alive:
        return
      case toGateway.join:
        return this.#join(id, readNumber(body))
      case toGateway.leave: {
        const member = readNumber(body)
        const entry = this.#entries.get(member)
        return entry && this.#ungroup(member, entry)
      }
      default: {
        const entry = this.#entries.get(id)
        if (entry) this.#tell(entry.session, { kind, id, body })
      }
    }
  }

  #tell(session: LinkedSession, { kind, id, body }: LinkRecord): void {
    switch (kind) {
      case toGateway.send:
      case toGateway.signal:
        // A copy: what waits for a slow client must not keep the whole message.
        return session.take(Buffer.from(body), kind === toGateway.signal)
      case toGateway.done:
        return session.done(readNumber(body))
      case toGateway.hold:
        return session.hold(readAs<LinkHeld>(body, faultsOf.held))
      case toGateway.attached:
        return session.attached()
      case toGateway.refused:
        this.forget(id)
        return session.refused(readAs<LinkRefused>(body, faultsOf.refused).problem)
      case toGateway.close:
        this.forget(id)
        return session.closed(readAs<LinkClose>(body, faultsOf.close))
      default:
        throw new LinkFormatError(`There is no record of kind ${kind}`)
    }
  }

  #cast(id: number, body: Buffer): void {
    const group = this.#groups.get(id)
    if (group === undefined) return
    const { kind, v, except, frame } = readCast(body)
    group.v = Math.max(group.v, v)
    group.batch.waitMs = group.pace.next(performance.now())
    const left = except.length === 0 ? null : new Set(except)
    for (const [member, session] of group.members) {
      if (left === null || !left.has(member)) session.takeCast(frame, kind, group.batch)
    }
  }

  #join(id: number, member: number): void {
    const entry = this.#entries.get(member)
    if (entry === undefined) return
    this.#ungroup(member, entry)
    const group = this.#groups.get(id) ?? { id, members: new Map(), v: 0, batch: new WriteBatch(), pace: new Pace() }
    this.#groups.set(id, group)
    group.members.set(member, entry.session)
    entry.group = group
  }

  #ungroup(member: number, entry: LinkedEntry): void {
    const { group } = entry
    if (group === null) return
    entry.group = null
    group.members.delete(member)
    if (group.members.size === 0) this.#groups.delete(group.id)
    entry.session.seen(group.v)
  }

  #ended(): void {
    const entries = [...this.#entries]
    for (const [id] of entries) this.forget(id)
    for (const [, { session }] of entries) session.lost()
  }
}

/** @throws LinkFormatError */
function readAs<T>(body: Buffer, faults: (value: unknown) => Faults): T {
  const value = readJson(body)
  if (faults(value).length > 0) throw new LinkFormatError('A body does not match its schema')
  return value as T
}
