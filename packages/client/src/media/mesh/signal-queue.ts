import { wire } from '@parley/contracts'
import { newId } from '../../ids.ts'
import { ParleyError } from '../../problem.ts'
import type { Socket } from '../../socket.ts'
import { later } from '../../time.ts'

export interface SignalQueueDeps {
  /** The socket in use; null while there is none. */
  socket(): Socket | null
  /** A signal to `to` did not arrive, others may have. */
  failed(to: string): void
  report(error: unknown): void
}

interface Signal {
  to: string
  data: unknown
  /** About how many bytes it is. */
  size: number
  requestId: string
  /** The socket it went out on; on another one it has to go again. */
  sentOn: Socket | null
}

const maxQueued = 2_000
/** Below the server's limits, so that it never has to refuse one and tear a hole into the order. */
const perSecond = wire.signal.perSecond * 0.8
const burst = wire.signal.burst * 0.75
const bytes = { perSecond: wire.bytes.perSecond * 0.8, burst: wire.bytes.burst * 0.75 }
/** The envelope of a signal's data. */
const aroundData = 200

/**
 * `rtc.signal`s in the order in which they were made, also over a resume: what has no answer yet goes again, in order, under the
 * same request id. To a peer that is gone they are dropped.
 */
export class SignalQueue {
  readonly #deps: SignalQueueDeps
  #signals: Signal[] = []
  #tokens = burst
  #bytes = bytes.burst
  #filledAt = performance.now()
  #stopTimer: (() => void) | null = null

  constructor(deps: SignalQueueDeps) {
    this.#deps = deps
  }

  push(to: string, data: unknown): void {
    if (this.#signals.length >= maxQueued) return this.#deps.failed(to)
    const size = JSON.stringify(data).length + aroundData
    this.#signals.push({ to, data, size, requestId: newId(), sentOn: null })
    this.pump()
  }

  /** Sends what waits; to be called when there is a socket again. */
  pump(): void {
    const socket = this.#deps.socket()
    if (!socket) return
    for (const signal of this.#signals) {
      if (signal.sentOn === socket) continue
      if (!this.#takeToken(signal.size)) return this.#pumpLater()
      signal.sentOn = socket
      this.#send(socket, signal)
    }
  }

  /** Forgets everything: a new session, or the end. */
  clear(): void {
    this.#signals = []
    this.#stopTimer?.()
    this.#stopTimer = null
  }

  #send(socket: Socket, signal: Signal): void {
    const { to, data, requestId } = signal
    socket.request('rtc.signal', { to, data }, requestId).then(
      () => this.#remove(signal),
      (error: unknown) => {
        if (!(error instanceof ParleyError)) return this.pump()
        this.#remove(signal)
        if (error.code === 'peer-not-found') return
        this.#deps.report(error)
        this.#deps.failed(to)
      },
    )
  }

  #remove(signal: Signal): void {
    const index = this.#signals.indexOf(signal)
    if (index >= 0) this.#signals.splice(index, 1)
  }

  #takeToken(size: number): boolean {
    const now = performance.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond)
    this.#bytes = Math.min(bytes.burst, this.#bytes + ((now - this.#filledAt) / 1000) * bytes.perSecond)
    this.#filledAt = now
    if (this.#tokens < 1 || this.#bytes < size) return false
    this.#tokens--
    this.#bytes -= size
    return true
  }

  #pumpLater(): void {
    this.#stopTimer ??= later(1000 / perSecond, () => {
      this.#stopTimer = null
      this.pump()
    })
  }
}
