/** Lets only so many go at once for each key; the others wait their turn, in order. */
export interface Turns {
  /** Resolves when it is one's turn, with what gives it back; rejects when `signal` aborts before. */
  take(key: string, signal: AbortSignal): Promise<() => void>
}

interface Queue {
  going: number
  waiting: Set<() => void>
}

/** At most `limit` at once per key. How many may wait is for the caller to bound. */
export function createTurns(limit: number): Turns {
  const queues = new Map<string, Queue>()

  function giveBack(key: string, queue: Queue): void {
    const [next] = queue.waiting
    if (next !== undefined) return next()
    queue.going -= 1
    if (queue.going === 0) queues.delete(key)
  }
  return {
    async take(key, signal) {
      signal.throwIfAborted()
      const queue = queues.get(key) ?? { going: 0, waiting: new Set() }
      queues.set(key, queue)
      // Who waited goes on in the place of the one who gave it back.
      if (queue.going >= limit) await waitIn(queue.waiting, signal)
      else queue.going += 1
      return () => giveBack(key, queue)
    },
  }
}

function waitIn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const end = (settle: () => void) => () => {
    waiting.delete(go)
    signal.removeEventListener('abort', stop)
    settle()
  }
  const go = end(resolve)
  const stop = end(() => reject(signal.reason))
  waiting.add(go)
  signal.addEventListener('abort', stop)
  return promise
}
