import { newId } from '../../ids.ts'
import { later } from '../../time.ts'
import { cutCode, JanusError, readMessage, type JanusMessage } from './janus-messages.ts'

export interface JanusSocketOptions {
  url: string
  subprotocol: string
  /** Of Parley: the gateway lets nobody through without. */
  accessToken: string
  WebSocket: typeof globalThis.WebSocket
}

interface Waiting {
  /** A request to a plugin is answered by an event; the `ack` before it says only that it arrived. */
  past: 'ack' | 'event'
  resolve(message: JanusMessage): void
  reject(error: unknown): void
  stopTimer(): void
}

const openMs = 10_000
const answerMs = 10_000
const maxWaiting = 256

/** One WebSocket to Janus through the gateway: requests with their answers, and events. */
export class JanusSocket {
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, Waiting>()
  #onEvent: (message: JanusMessage) => void = () => {}
  #onClose: (code: number) => void = () => {}
  #closed = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#hear(data))
    socket.addEventListener('close', ({ code }) => this.#lost(code))
  }

  /** Rejects with a `JanusError` when it does not open within 10 s. */
  static open({ url, subprotocol, accessToken, WebSocket }: JanusSocketOptions): Promise<JanusSocket> {
    const socket = new WebSocket(url, [subprotocol, `bearer.${accessToken}`])
    // The package `ws` throws an error that nobody listens to. The close says all that matters.
    socket.addEventListener('error', () => {})
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        stopTimer()
        socket.close()
        reject(new JanusError(cutCode, reason))
      }
      const stopTimer = later(openMs, () => fail('the WebSocket did not open in time'))
      socket.addEventListener('close', ({ code }) => fail(`the WebSocket was refused with ${code}`), { once: true })
      socket.addEventListener(
        'open',
        () => {
          stopTimer()
          resolve(new JanusSocket(socket))
        },
        { once: true },
      )
    })
  }

  listen(onEvent: (message: JanusMessage) => void, onClose: (code: number) => void): void {
    this.#onEvent = onEvent
    this.#onClose = onClose
    if (this.#closed) onClose(1006)
  }

  /** Resolves to the answer; rejects with a `JanusError` when Janus refuses, the socket closes, or 10 s pass. */
  request(message: Record<string, unknown>, past: Waiting['past']): Promise<JanusMessage> {
    if (this.#closed) return Promise.reject(new JanusError(cutCode, 'the WebSocket is closed'))
    if (this.#waiting.size >= maxWaiting) return Promise.reject(new JanusError(cutCode, 'too many requests wait'))
    const transaction = newId()
    const answer = new Promise<JanusMessage>((resolve, reject) => {
      const stopTimer = later(answerMs, () =>
        this.#settle(transaction, ({ reject: fail }) => fail(new JanusError(cutCode, 'no answer in time'))),
      )
      this.#waiting.set(transaction, { past, resolve, reject, stopTimer })
    })
    this.#socket.send(JSON.stringify({ ...message, transaction }))
    return answer
  }

  close(): void {
    this.#socket.close()
    this.#lost(1000)
  }

  #hear(data: unknown): void {
    const message = readMessage(data)
    if (!message) return
    const waiting = message.transaction === null ? undefined : this.#waiting.get(message.transaction)
    if (!waiting || message.transaction === null) return this.#onEvent(message)
    if (message.error) {
      const { code, reason } = message.error
      return this.#settle(message.transaction, ({ reject }) => reject(new JanusError(code, reason)))
    }
    if (message.janus === 'ack' && waiting.past === 'event') return
    this.#settle(message.transaction, ({ resolve }) => resolve(message))
  }

  #settle(transaction: string, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(transaction)
    if (!waiting) return
    this.#waiting.delete(transaction)
    waiting.stopTimer()
    how(waiting)
  }

  #lost(code: number): void {
    if (this.#closed) return
    this.#closed = true
    for (const transaction of this.#waiting.keys())
      this.#settle(transaction, ({ reject }) => reject(new JanusError(cutCode, `the WebSocket closed with ${code}`)))
    this.#onClose(code)
  }
}
