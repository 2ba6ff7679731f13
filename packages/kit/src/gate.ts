import { ProblemError } from './problem.ts'

/**
 * Lets `running` tasks run at once and `waiting` more wait their turn; beyond that they are refused with `unavailable`,
 * for the reason `full`.
 */
export function createGate({ running, waiting, full }: { running: number; waiting: number; full: string }) {
  let active = 0
  const queue: (() => void)[] = []
  return async function pass<T>(task: () => Promise<T>): Promise<T> {
    if (active < running) active += 1
    else if (queue.length >= waiting) throw new ProblemError('unavailable', full)
    // Whoever leaves hands its place on, so `active` stays as it is.
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await task()
    } finally {
      const next = queue.shift()
      if (next === undefined) active -= 1
      else next()
    }
  }
}
