import { FairQueue, type Owner } from './fair-queue.ts'
import { ProblemError } from './problem.ts'

export interface FairGateOptions {
  running: number
  /** How many may wait; beyond that the address with the most gives way. */
  waiting: number
  /** How many of one person, and of one address, may wait. */
  each: { person: number; address: number }
  /** Nobody waits longer, ms. */
  waitMs: number
  full: string
}

/**
 * A gate for work that is dear and that people share, such as hashing what they type: each address has its turn, and within it each
 * person. A caller with more than a share, or one that waits too long, is refused with `unavailable`, for the reason `full`.
 */
export function createFairGate({ running, waiting, each, waitMs, full }: FairGateOptions) {
  let active = 0
  const line = new FairQueue<{ enter(): void; refuse(): void }>()
  const busy = () => new ProblemError('unavailable', full, { retryAfterMs: waitMs })

  function turnOf(owner: Owner): Promise<void> {
    if (line.sizeOf(owner.address, owner.person) >= each.person || line.sizeOf(owner.address) >= each.address)
      return Promise.reject(busy())
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      if (line.remove(owner, task)) task.refuse()
    }, waitMs)
    const leaving = (settle: () => void) => () => {
      clearTimeout(timer)
      settle()
    }
    const task = { enter: leaving(resolve), refuse: leaving(() => reject(busy())) }
    line.push(owner, task)
    if (line.size > waiting) line.dropFromLargest()?.item.refuse()
    return promise
  }

  return async function pass<T>(owner: Owner, task: () => Promise<T>): Promise<T> {
    if (active < running) active += 1
    // A caller that leaves hands its place on, so `active` stays as it is.
    else await turnOf(owner)
    try {
      return await task()
    } finally {
      const next = line.shift()
      if (next === undefined) active -= 1
      else next.enter()
    }
  }
}
