import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@parley/kit'

/** A server that may end by itself. */
export interface Server {
  pid: number
  exited(): boolean
  stop(): Promise<void>
}

export interface KeptUp<T> {
  readonly first: T
  /** Ends it for good. */
  stop(): Promise<void>
}

const lookEveryMs = 500
const firstPauseMs = 500
const longestPauseMs = 30_000
/** After a server has run for this long, the next pause before a restart is short again. */
const wellAfterMs = 60_000

/**
 * Starts a server, and again whenever it ends: at once a first time, after twice the pause each time it does not last, at most every
 * 30 s.
 * @throws what the first start throws
 */
export async function keepUp<T extends Server>(
  name: string,
  { log, start, again }: { log: Logger; start: () => Promise<T>; again: (first: T) => Promise<T> },
): Promise<KeptUp<T>> {
  const first = await start()
  const stopping = new AbortController()
  const { signal } = stopping
  const pause = (ms: number): Promise<boolean> =>
    sleep(ms, undefined, { signal }).then(
      () => true,
      () => false,
    )
  let current: Server = first
  const watching = watch()
  async function watch(): Promise<void> {
    let pauseMs = firstPauseMs
    let since = performance.now()
    while (await pause(lookEveryMs)) {
      if (!current.exited()) continue
      if (performance.now() - since > wellAfterMs) pauseMs = firstPauseMs
      log.warn({ server: name, pauseMs }, 'has ended; it is started again')
      if (!(await pause(pauseMs))) return
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      try {
        await current.stop()
        current = await again(first)
        log.info({ server: name, pid: current.pid }, 'is back')
      } catch (error) {
        log.error({ server: name, err: error }, 'did not start')
      }
      since = performance.now()
    }
  }
  return {
    first,
    async stop() {
      stopping.abort()
      await watching
      await current.stop()
    },
  }
}
