export interface Poller {
  /** Resolves after the first poll. */
  start(): Promise<void>
  stop(): void
}

/**
 * Calls `poll`, which must not reject, again `intervalMs` after it is done; the interval is asked each time where it is a
 * function. It does not keep the process alive.
 */
export function createPoller(poll: () => Promise<void>, intervalMs: number | (() => number)): Poller {
  let timer: NodeJS.Timeout | undefined
  let generation = 0
  let running = false

  async function run(mine: number): Promise<void> {
    await poll()
    if (mine === generation) {
      const waitMs = typeof intervalMs === 'number' ? intervalMs : intervalMs()
      timer = setTimeout(() => void run(mine), waitMs).unref()
    }
  }
  return {
    async start() {
      if (running) return
      running = true
      generation += 1
      await run(generation)
    },
    stop() {
      running = false
      generation += 1
      clearTimeout(timer)
    },
  }
}
