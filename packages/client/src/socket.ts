import { bearerPrefix, closeCodes, subprotocol, wire } from '@parley/contracts'
import type { AnswerOf, ClientPayload, ClientType, ServerMessage } from '@parley/contracts'
import type { Loss } from './close-meaning.ts'
import { newId } from './ids.ts'
import { isProblem, localError, ParleyError } from './problem.ts'
import { answers, serverTypes } from './tables.ts'
import { later } from './time.ts'

/** The error of a request whose socket closed before the answer came. */
export class SocketLost extends Error {
  readonly loss: Loss
  /** The session goes on on another socket, which we opened; what was under way is repeated there. */
  readonly replaced: boolean

  constructor(loss: Loss, replaced: boolean) {
    super(`The connection was lost (${loss.code}${loss.reason && ` ${loss.reason}`})`)
    this.name = 'SocketLost'
    this.loss = loss
    this.replaced = replaced
  }
}

export interface SocketListener {
  message(message: ServerMessage): void
  /** Called once, unless `drop` came first. */
  lost(loss: Loss): void
}

/** Milliseconds. */
export interface SocketTiming {
  openMs: number
  answerMs: number
  chatAnswerMs: number
  silentMs: number
  probeMs: number
}
export const socketTiming: SocketTiming = {
  openMs: 8_000,
  answerMs: 5_000,
  chatAnswerMs: 8_000,
  silentMs: wire.serverSilentMs,
  probeMs: 3_000,
}

export interface SocketOptions {
  url: string
  accessToken: string
  WebSocket: typeof globalThis.WebSocket
  timing: SocketTiming
}

interface Waiting {
  type: ClientType
  resolve(answer: never): void
  reject(error: Error): void
  stopTimer(): void
}

const maxWaiting = 512
const maxHeld = 1_000
const maxBufferedBytes = 1_048_576

/** One WebSocket that speaks `parley.v1`: requests and answers, heartbeat, the end. Knows nothing of rooms. */
export class Socket {
  readonly #ws: WebSocket
  readonly #timing: SocketTiming
  readonly #waiting = new Map<string, Waiting>()
  #state: { is: 'opening' | 'open' } | { is: 'over'; loss: Loss } = { is: 'opening' }
  #listener: SocketListener | null = null
  /** Messages that came before there was a listener: events right behind the answer that makes one. */
  #held: ServerMessage[] = []
  #seenAt = performance.now()
  #stopWatch = () => {}

  private constructor(ws: WebSocket, timing: SocketTiming) {
    this.#ws = ws
    this.#timing = timing
    ws.addEventListener('message', (event) => this.#receive(event.data))
    // The package `ws` throws an error that nobody listens to. The close says all that matters.
    ws.addEventListener('error', () => {})
    ws.addEventListener('close', (event) =>
      this.#end({ code: event.code, reason: event.reason, opened: this.#state.is === 'open' }),
    )
  }

  /** Resolves when it is open; rejects with `SocketLost`. */
  static open({ url, accessToken, WebSocket, timing }: SocketOptions): Promise<Socket> {
    const ws = new WebSocket(url, [subprotocol, bearerPrefix + accessToken])
    const socket = new Socket(ws, timing)
    return new Promise((resolve, reject) => {
      const stop = later(timing.openMs, () => socket.#giveUp('not open in time'))
      socket.#listener = {
        message: (message) => socket.#hold(message),
        lost: (loss) => {
          stop()
          reject(new SocketLost(loss, false))
        },
      }
      ws.addEventListener('open', () => {
        stop()
        if (socket.#state.is !== 'opening') return
        socket.#state = { is: 'open' }
        socket.#listener = null
        socket.#watch()
        resolve(socket)
      })
    })
  }

  /** From now on `listener` hears everything, first what has come meanwhile. */
  attach(listener: SocketListener): void {
    this.#listener = listener
    const held = this.#held
    this.#held = []
    for (const message of held) this.#deliver(message)
    if (this.#state.is === 'over') this.#tellLoss(this.#state.loss)
  }

  /** Holds what comes until there is a listener again, who hears `first` before it. */
  detach(first: readonly ServerMessage[] = []): void {
    this.#listener = null
    this.#held.push(...first)
  }

  /** Sends without wanting an answer. Nothing happens if the socket is gone. */
  send<T extends ClientType>(type: T, payload: ClientPayload<T>, requestId?: string): void {
    if (this.#state.is !== 'open') return
    if (this.#ws.bufferedAmount > maxBufferedBytes) return this.#giveUp('nothing goes out')
    this.#ws.send(JSON.stringify(requestId === undefined ? { type, payload } : { type, requestId, payload }))
  }

  /** Resolves to the answer; rejects with a ParleyError (a problem, or no answer in time) or `SocketLost`. */
  request<T extends ClientType>(type: T, payload: ClientPayload<T>, requestId: string = newId()): Promise<AnswerOf<T>> {
    return new Promise((resolve, reject) => {
      if (this.#state.is === 'over') return reject(new SocketLost(this.#state.loss, false))
      if (this.#waiting.size >= maxWaiting)
        return reject(localError('rate-limited', 'Too many requests wait for an answer'))
      if (tooLarge(payload)) return reject(localError('too-large', `A message may have ${wire.maxFrameBytes} bytes`))
      const ms = type === 'chat.send' ? this.#timing.chatAnswerMs : this.#timing.answerMs
      const stopTimer = later(ms, () => {
        this.#waiting.delete(requestId)
        reject(localError('deadline-exceeded', `No answer within ${ms / 1000} s`))
      })
      this.#waiting.set(requestId, { type, resolve, reject, stopTimer })
      this.send(type, payload, requestId)
    })
  }

  /** Asks whether the server is still there, and takes the socket for lost if no answer comes. */
  async probe(): Promise<void> {
    const stop = later(this.#timing.probeMs, () => this.#giveUp('no answer to a ping'))
    await this.request('ping', {}).then(stop, stop)
  }

  /** Closes it without telling the listener; what waits is rejected as `replaced` if another socket goes on. */
  drop(replaced = false, code = 1000): void {
    this.#listener = null
    this.#ws.close(code)
    this.#end({ code, reason: '', opened: true }, replaced)
  }

  #receive(data: unknown): void {
    this.#seenAt = performance.now()
    const message = parsed(data)
    if (!message || this.#state.is === 'over') return
    const waiting = message.requestId === undefined ? undefined : this.#waiting.get(message.requestId)
    if (waiting && message.requestId !== undefined) return this.#answer(message.requestId, waiting, message)
    if (!isServerMessage(message)) return
    if (message.type === 'ping') this.send('pong', {})
    this.#deliver(message)
  }

  #deliver(message: ServerMessage): void {
    if (this.#listener) this.#listener.message(message)
    else this.#hold(message)
  }

  #answer(requestId: string, { type, resolve, reject, stopTimer }: Waiting, message: Incoming): void {
    stopTimer()
    this.#waiting.delete(requestId)
    if (answers[type].split(' ').includes(message.type)) {
      resolve({ type: message.type, payload: message.payload ?? {} } as never)
    } else if (message.type === 'error' && isProblem(message.payload)) {
      reject(new ParleyError(message.payload))
    } else {
      reject(localError('internal', `The server answered ${type} with ${message.type}`))
    }
  }

  #hold(message: ServerMessage): void {
    if (this.#held.length >= maxHeld) return this.#giveUp('too much came at once')
    this.#held.push(message)
  }

  #watch(): void {
    const left = this.#seenAt + this.#timing.silentMs - performance.now()
    if (left <= 0) return this.#giveUp('the server is silent')
    this.#stopWatch = later(left, () => this.#watch())
  }

  #giveUp(reason: string): void {
    const { code } = closeCodes.noHeartbeat
    this.#ws.close(code, reason)
    this.#end({ code, reason, opened: this.#state.is === 'open' })
  }

  #end(loss: Loss, replaced = false): void {
    if (this.#state.is === 'over') return
    this.#state = { is: 'over', loss }
    this.#stopWatch()
    for (const { reject, stopTimer } of this.#waiting.values()) {
      stopTimer()
      reject(new SocketLost(loss, replaced))
    }
    this.#waiting.clear()
    this.#tellLoss(loss)
  }

  #tellLoss(loss: Loss): void {
    this.#listener?.lost(loss)
  }
}

interface Incoming {
  type: string
  requestId?: string
  payload?: unknown
}

function parsed(data: unknown): Incoming | null {
  if (typeof data !== 'string') return null
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return null
  }
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
    ? (value as Incoming)
    : null
}

/** Types that this version does not know are left alone, so that a newer server can send them. */
const isServerMessage = (message: Incoming): message is ServerMessage & Incoming =>
  serverTypes.includes(message.type) && typeof message.payload === 'object' && message.payload !== null

const tooLarge = (payload: unknown): boolean =>
  new TextEncoder().encode(JSON.stringify(payload)).byteLength > wire.maxFrameBytes - 256
