import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { JanusAwayError, JanusError } from './janus-error.ts'
import type { JanusMessage } from './messages.ts'
import { readMessage } from './messages.ts'

interface Pending {
  resolve(message: JanusMessage): void
  reject(error: Error): void
  /** Whether an `ack` ends the wait: of `keepalive` and `trickle`. */
  ackIsAnswer: boolean
  timer: NodeJS.Timeout
}

export interface JanusSocketOptions {
  url: string
  /** How long to wait for the connection and for each answer, ms. */
  answerMs: number
  onEvent(message: JanusMessage): void
  onClosed(): void
}

const maxPending = 2_000
const maxMessageBytes = 4 * 1_024 * 1_024

/** A WebSocket to Janus: requests with their answers by transaction, each with a deadline; everything else is an event. */
export class JanusSocket {
  readonly #socket: WebSocket
  readonly #options: JanusSocketOptions
  readonly #pending = new Map<string, Pending>()

  private constructor(socket: WebSocket, options: JanusSocketOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('message', (data) => this.#receive(String(data)))
    socket.on('close', () => this.#closed())
    socket.on('error', () => socket.terminate())
  }

  /** @throws JanusAwayError */
  static open(options: JanusSocketOptions): Promise<JanusSocket> {
    const socket = new WebSocket(options.url, 'janus-protocol', {
      handshakeTimeout: options.answerMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    })
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        socket.removeAllListeners()
        resolve(new JanusSocket(socket, options))
      })
      socket.once('error', (cause) => reject(new JanusAwayError('Janus cannot be reached', { cause })))
    })
  }

  /**
   * Sends a request and resolves with its answer; the `ack` that comes before the answer of an asynchronous one is skipped.
   * @throws JanusError, JanusAwayError
   */
  request(message: Record<string, unknown>): Promise<JanusMessage> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new JanusAwayError('No connection to Janus'))
    if (this.#pending.size >= maxPending) return Promise.reject(new JanusAwayError('Too many requests wait for Janus'))
    const transaction = randomUUID()
    const verb = message['janus']
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(transaction)
        reject(new JanusAwayError(`Janus did not answer ${String(verb)} in time`))
      }, this.#options.answerMs)
      const ackIsAnswer = verb === 'keepalive' || verb === 'trickle'
      this.#pending.set(transaction, { resolve, reject, ackIsAnswer, timer })
      this.#socket.send(JSON.stringify({ ...message, transaction }))
    })
  }

  /** Ends it at once; what waits for an answer is told so. */
  close(): void {
    this.#socket.terminate()
  }

  #receive(text: string): void {
    const message = readMessage(text)
    if (message === null) return
    const { transaction = '' } = message
    const pending = this.#pending.get(transaction)
    if (pending === undefined) return this.#options.onEvent(message)
    if (message.janus === 'ack' && !pending.ackIsAnswer) return
    clearTimeout(pending.timer)
    this.#pending.delete(transaction)
    const refusal = refusalOf(message)
    if (refusal === null) pending.resolve(message)
    else pending.reject(refusal)
  }

  #closed(): void {
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(new JanusAwayError('The connection to Janus is closed'))
    }
    this.#pending.clear()
    this.#options.onClosed()
  }
}

/** Errors of the core come as `error`, those of a plugin inside its data. */
function refusalOf({ error, plugindata }: JanusMessage): JanusError | null {
  if (error !== undefined) return new JanusError(error.code, error.reason)
  const { error_code: code, error: reason } = plugindata?.data ?? {}
  return typeof code === 'number' ? new JanusError(code, String(reason)) : null
}
