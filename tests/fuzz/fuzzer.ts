import { setTimeout as sleep } from 'node:timers/promises'
import { fromClient, type ClientMessage } from '@parley/contracts'
import type WebSocket from 'ws'
import { makeMessage } from './generate.ts'
import type { Incoming, Judge } from './judge.ts'
import { mutate } from './mutate.ts'
import { entryOf, learn, openSocket, type Memory, type Seating } from './place.ts'
import type { Random } from './random.ts'

const maxUnanswered = 64
const answerWithinMs = 10_000
const entryId = 'entry'
const retryMs = 500
/** After it left, was removed or sent away, it tries on without a seat for so many messages. */
const strollFor = 50

interface PendingRequest {
  type: string | null
  at: number
}

/** One client that sends mutated messages, hears all answers, and comes back whenever it is cut. */
export class Fuzzer {
  readonly #seating: Seating
  readonly #random: Random
  readonly #memory: Memory
  #socket: WebSocket | null = null
  /** The requests that wait for their answers, by an id that is used once. */
  #asked = new Map<string, PendingRequest>()
  /** Types of requests by ids that mutations made, which come again and are answered again. */
  #repeated = new Map<string, (string | null)[]>()
  #ready = false
  /** By ourselves. */
  #cut = false
  #stopped = false
  #count = 0
  #stroll = 0
  #last = ''
  readonly done: Promise<void>

  constructor(seating: Seating, random: Random) {
    this.#seating = seating
    this.#random = random
    const { who } = seating
    this.#memory = { known: { ids: [who.id], tokens: [who.token], v: 0 }, session: null }
    this.done = this.#live()
  }

  get ready(): boolean {
    return this.#ready
  }

  /** Sends one message, unless it is not there or waits for too many answers. */
  send(): boolean {
    if (!this.#ready || this.#socket === null || this.#asked.size >= maxUnanswered) return false
    const made = makeMessage(this.#random, this.#memory.known, `m${this.#count++}`)
    const { data } = mutate(this.#random, made)
    this.#last = String(data)
    this.#expect(data)
    this.#socket.send(data)
    if (this.#stroll > 0 && --this.#stroll === 0) void this.#enter(this.#socket)
    return true
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#findUnanswered()
    this.#socket?.terminate()
    await this.done
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      const socket = await openSocket(this.#seating)
      if (socket === null) await sleep(retryMs)
      else await this.#use(socket)
    }
  }

  /** From the opening of a socket to its end. */
  async #use(socket: WebSocket): Promise<void> {
    this.#socket = socket
    this.#cut = false
    this.#asked = new Map()
    this.#repeated = new Map()
    socket.on('message', (data) => this.#hear(socket, JSON.parse(String(data)) as Incoming))
    const over = new Promise<number>((resolve) => socket.once('close', resolve))
    if (this.#stopped) socket.terminate()
    void this.#enter(socket)
    const code = await over
    this.#ready = false
    this.#socket = null
    if (!this.#stopped) this.#findUnanswered()
    if (this.#stopped || this.#cut) return
    this.#seating.judge.closed(code, this.#last)
    // Removed, or the meeting is over: nothing to resume.
    if (code === 4403 || code === 4410 || code === 4409) this.#memory.session = null
  }

  async #enter(socket: WebSocket): Promise<void> {
    try {
      const entry = await entryOf(this.#seating, this.#memory)
      if (entry === null) this.#ready = true
      else this.#sendEntry(socket, entry)
    } catch (error) {
      this.#seating.judge.count('no room token')
      this.#last = String(error)
      this.#cut = true
      await sleep(retryMs)
      socket.terminate()
    }
  }

  #findUnanswered(): void {
    const now = performance.now()
    for (const [id, { type, at }] of this.#asked)
      if (now - at > answerWithinMs) this.#seating.judge.fault(`never answered: ${type}, ${id}`)
  }

  #sendEntry(socket: WebSocket, { type, payload }: { type: string; payload: object }): void {
    // Cut while it got its token: nobody would answer.
    if (socket !== this.#socket) return
    const requestId = `${entryId}${this.#count++}`
    this.#asked.set(requestId, { type, at: performance.now() })
    socket.send(JSON.stringify({ type, requestId, payload }))
  }

  /** Notes what an answer may look like: by what the server will read, not by what was meant. */
  #expect(data: string | Buffer): void {
    const sent = typeof data === 'string' ? parsed(data) : null
    const { requestId, type } = (sent ?? {}) as { requestId?: unknown; type?: unknown }
    if (typeof requestId !== 'string' || requestId.length === 0 || requestId.length > 64) return
    const known = typeof type === 'string' && Object.hasOwn(fromClient, type) ? type : null
    if (!isOurs(requestId)) this.#repeated.set(requestId, [...(this.#repeated.get(requestId) ?? []), known])
    else if (known === null || Object.keys(rows[known]?.answers ?? {}).length > 0)
      this.#asked.set(requestId, { type: known, at: performance.now() })
    // Answered only if something is wrong with it.
    else this.#repeated.set(requestId, [known])
  }

  #hear(socket: WebSocket, message: Incoming): void {
    const { type, requestId, payload } = message
    const { judge } = this.#seating
    judge.message(message, this.#typesAsked(requestId, judge))
    if (requestId !== undefined) this.#asked.delete(requestId)
    if (typeof payload === 'object' && payload !== null) learn(this.#memory, type, payload)
    if (type === 'ping' && requestId === undefined) socket.send('{"type":"pong"}')
    this.#follow(type, requestId?.startsWith(entryId) === true)
  }

  #typesAsked(requestId: string | undefined, judge: Judge): readonly (string | null)[] {
    if (requestId === undefined) return []
    const asked = this.#asked.get(requestId)
    if (asked && performance.now() - asked.at > answerWithinMs) judge.fault(`answered late: ${asked.type}`)
    const types = [...(asked ? [asked.type] : []), ...(this.#repeated.get(requestId) ?? [])]
    if (types.length === 0) judge.fault(`an answer to nothing: ${requestId}`)
    return types
  }

  #follow(type: string, isEntry: boolean): void {
    if (type === 'room.left' || (type === 'error' && isEntry)) {
      this.#memory.session = null
      this.#stroll = strollFor
    }
    if (isEntry || type === 'room.left') this.#ready = true
  }
}

/** Used once; the others are those of mutations, and come again. */
const isOurs = (requestId: string): boolean => /^(m|entry)\d+$/.test(requestId)

const rows: Readonly<Record<string, ClientMessage>> = fromClient

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
