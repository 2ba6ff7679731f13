import { newId } from '@parley/kit'
import type { Actor } from './loop.ts'
import type { ModelNode } from './nodes.ts'
import { Wire, type WireMessage } from './sockets.ts'
import { epochMs } from './virtual-time.ts'
import type { ModelWorld } from './world.ts'

/** The refusal of a request, or the end of its socket. */
export class RefusedError extends Error {
  readonly code: string
  readonly next: string | undefined
  readonly retryable: boolean

  constructor({
    code,
    detail = '',
    next,
    retryable,
  }: {
    code: string
    detail?: string
    next?: string
    retryable: boolean
  }) {
    super(`${code} ${detail}`)
    this.code = code
    this.next = next
    this.retryable = retryable
  }
}
export class SocketClosedError extends Error {
  readonly code: number

  constructor(code: number) {
    super(`closed with ${code}`)
    this.code = code
  }
}

interface Waiting {
  text: string
  sentAt: number
  resolve(answer: WireMessage): void
  reject(error: Error): void
}

export const answerWithinMs = 5_000
const serverSilentMs = 20_000
const noHeartbeat = 4408
/** Longer than that no request is left without an answer. */
const unansweredAfterMs = 10_000

interface Listener {
  message(message: WireMessage): void
  closed(code: number): void
}

/** A client's socket: requests and their answers, pings, and the end. */
export class ClientSocket {
  readonly wire: Wire
  readonly node: ModelNode
  closedWith: number | null = null
  readonly #world: ModelWorld
  readonly #actor: Actor
  readonly #listener: Listener
  readonly #waiting = new Map<string, Waiting>()
  #seenAt: number

  constructor(
    world: ModelWorld,
    { actor, node, userId, listener }: { actor: Actor; node: ModelNode; userId: string; listener: Listener },
  ) {
    const { loop, latency } = world
    this.#world = world
    this.#actor = actor
    this.node = node
    this.#listener = listener
    this.#seenAt = loop.now
    this.wire = new Wire(
      { loop, client: actor, server: node.actor, latency },
      { onMessage: (message) => this.#receive(message), onClose: (code) => this.#end(code) },
    )
    if (node.actor.state === 'dead') loop.after(1, actor, () => this.#end(1006))
    else this.#open(userId)
  }

  get isOpen(): boolean {
    return this.closedWith === null
  }

  /** How long the oldest request has been waiting for its answer, if that is too long. */
  get unansweredMs(): number | null {
    const oldest = Math.min(...[...this.#waiting.values()].map(({ sentAt }) => sentAt))
    const waited = this.#world.loop.now - oldest
    return this.isOpen && waited > unansweredAfterMs ? waited : null
  }

  /** Resolves to the answer; rejects with what it is refused with, or when the socket ends. */
  request(type: string, payload: object, requestId: string = newId()): Promise<WireMessage> {
    return this.repeat(JSON.stringify({ type, requestId, payload }), requestId)
  }

  /** The same, of a request as it was sent before. */
  repeat(text: string, requestId: string): Promise<WireMessage> {
    if (this.closedWith !== null) return Promise.reject(new SocketClosedError(this.closedWith))
    return new Promise((resolve, reject) => {
      const { loop } = this.#world
      this.#waiting.set(requestId, { text, sentAt: loop.now, resolve, reject })
      loop.after(answerWithinMs, this.#actor, () =>
        reject(new RefusedError({ code: 'deadline-exceeded', retryable: true })),
      )
      this.wire.send(text)
    })
  }

  /** Closed by the client. */
  close(code = 1000): void {
    this.wire.close()
    this.#end(code)
  }

  #open(userId: string): void {
    const { node, wire } = this
    node.wires.add(wire)
    const principal = {
      userId,
      sessionId: newId(),
      kind: 'user',
      name: userId,
      epoch: 0,
      expiresAt: epochMs / 500,
    } as const
    wire.open(() => node.signaling.connections.open(wire.ws, wire.tcp, principal, newId()))
    this.#watch()
  }

  #receive(message: WireMessage): void {
    this.#seenAt = this.#world.loop.now
    const waiting = message.requestId === undefined ? undefined : this.#waiting.get(message.requestId)
    if (waiting === undefined || message.requestId === undefined) {
      if (message.type === 'ping') this.wire.send(JSON.stringify({ type: 'pong', payload: {} }))
      return this.#listener.message(message)
    }
    this.#waiting.delete(message.requestId)
    if (message.type === 'error')
      waiting.reject(new RefusedError(message.payload as { code: string; retryable: boolean }))
    else waiting.resolve(message)
  }

  #watch(): void {
    const { loop } = this.#world
    loop.at(this.#seenAt + serverSilentMs, this.#actor, () => {
      if (!this.isOpen) return
      if (loop.now < this.#seenAt + serverSilentMs) return this.#watch()
      this.wire.close()
      this.#end(noHeartbeat)
    })
  }

  #end(code: number): void {
    if (this.closedWith !== null) return
    this.closedWith = code
    this.node.wires.delete(this.wire)
    for (const { reject } of this.#waiting.values()) reject(new SocketClosedError(code))
    this.#listener.closed(code)
  }
}
