import { ProblemError } from './problem.ts'

export interface GateOptions {
  running: number
  waiting: number
  /** After this a task that still waits is refused; it waits for as long as it takes unless told. */
  waitMs?: number
  full: string
}

/**
 * Lets `running` tasks run at once and `waiting` more wait their turn, in order; beyond that they are refused with
 * `unavailable`, for the reason `full`. A waiting caller leaves the line when `signal` aborts, and rejects with its reason.
 */
export function createSemaphore({ running, waiting, waitMs, full }: GateOptions) {
  let active = 0
  const line = new Set<() => void>()
  return async function pass<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (active < running) active += 1
    else if (line.size >= waiting) throw new ProblemError('unavailable', full)
    // A caller that leaves hands its place on, so `active` stays as it is.
    else await turnIn(line, { waitMs, full, signal })
    try {
      return await task()
    } finally {
      const [next] = line
      if (next === undefined) active -= 1
      else next()
    }
  }
}

type Waiting = Pick<GateOptions, 'full'> & { waitMs: number | undefined; signal: AbortSignal | undefined }

function turnIn(line: Set<() => void>, { waitMs, full, signal }: Waiting): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const leaving = (settle: () => void) => () => {
    line.delete(enter)
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    settle()
  }
  const enter = leaving(resolve)
  const abort = leaving(() => reject(signal?.reason))
  const giveUp = leaving(() => reject(new ProblemError('unavailable', full)))
  const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs)
  signal?.addEventListener('abort', abort)
  line.add(enter)
  return promise
}

/**
 * A gate for each key, there while somebody uses it. All tasks of one key may wait for the same thing, such as a locked row. They leave
 * connections to the others.
 */
export function createKeyedSemaphores(options: GateOptions) {
  const gates = new Map<string, { pass: ReturnType<typeof createSemaphore>; users: number }>()
  return async function pass<T>(key: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const gate = gates.get(key) ?? { pass: createSemaphore(options), users: 0 }
    gates.set(key, gate)
    gate.users += 1
    try {
      return await gate.pass(task, signal)
    } finally {
      gate.users -= 1
      if (gate.users === 0) gates.delete(key)
    }
  }
}
