import type { Logger } from './logger.ts'
import { createPoller } from './poller.ts'

export interface BatchedOptions<T> {
  /** The name of the sent thing, for the log. */
  what: string
  send(batch: readonly T[]): Promise<unknown>
  log: Logger
  /** Told how many were dropped because too much waits. */
  onDropped?(count: number): void
}

/** Things that are sent a little later, many at once. They are kept while `send` rejects, but not for ever. */
export interface Batched<T> {
  add(one: T): void
  /** How many wait. */
  waiting(): number
  start(): void
  /** Tries to send what waits, once. */
  stop(): Promise<void>
}

const everyMs = 500
const atOnce = 200
const mostWaiting = 5_000

export function createBatched<T>({ what, send, log, onDropped }: BatchedOptions<T>): Batched<T> {
  let waiting: T[] = []
  let failing = false

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, atOnce)
      try {
        await send(batch)
        failing = false
      } catch (err) {
        if (!failing)
          log.warn({ err, what, waiting: waiting.length }, 'a batch is not taken now; it is kept for a while')
        failing = true
        return
      }
      const sent = new Set(batch)
      waiting = waiting.filter((one) => !sent.has(one))
    }
  }
  const poller = createPoller(flush, everyMs)
  return {
    add(one) {
      waiting.push(one)
      if (waiting.length <= mostWaiting) return
      waiting.shift()
      onDropped?.(1)
    },
    waiting: () => waiting.length,
    start: () => void poller.start(),
    async stop() {
      poller.stop()
      await flush()
    },
  }
}
