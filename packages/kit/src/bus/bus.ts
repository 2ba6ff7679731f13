import type { Call } from './call.ts'

/**
 * The seam to NATS. Payloads are JSON texts; typed calls over it are in `typed.ts`. Delivery is at most once: whoever
 * depends on a message must be able to do without it.
 */
export interface Bus {
  /** Fire and forget; dropped silently while the bus is down; it is when 10,000 wait for the server. Throws on a malformed subject or a text over 512 KiB. */
  publish(subject: string, text: string): void
  /** Calls `onText` for each message, in order per publisher. */
  subscribe(subject: string, onText: (text: string, subject: string) => void): BusSubscription
  /**
   * Sends and waits for one answer. Rejects with the problem `unavailable` (no responder, link lost) or `deadline-exceeded`. After
   * `timeoutMs` no responder begins with it any more, however late it arrives.
   */
  request(subject: string, text: string, timeoutMs: number): Promise<string>
  /**
   * Answers requests on a subject; of several responders with the same `queue` one gets each request. `call` says until when the
   * caller waits.
   */
  respond(subject: string, queue: string, answer: Respond): BusSubscription
  connected(): boolean
  /** Called on every change of `connected()`. */
  onStatus(listener: (connected: boolean) => void): () => void
  /** Stops taking requests, waits for the handlers that run (at most `timeoutMs`), flushes and closes. */
  close(timeoutMs: number): Promise<void>
}

export type Respond = (text: string, call: Call) => Promise<string>

export interface BusSubscription {
  unsubscribe(): void
  /**
   * Resolves when the server knows of it, so that what is published from now on arrives: whoever subscribes and then
   * reads a state misses nothing in between. May reject with the problem `unavailable`; a reconnect restores it then.
   */
  ready(): Promise<void>
}
