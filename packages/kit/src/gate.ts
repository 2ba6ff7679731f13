import { ProblemError } from './problem.ts'

export interface GateOptions {
  running: number
  waiting: number
  /** After this a task that still waits is refused; it waits for as long as it takes unless told. */
  waitMs?: number
  full: string
}

/**
 * Lets `running` tasks run at once and `waiting` more wait their turn; beyond that they are refused with `unavailable`,
 * for the reason `full`.
 */
export function createGate({ running, waiting, waitMs, full }: GateOptions) {
  let active = 0
  const queue: (() => void)[] = []
  const turn = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const giveUp = (): void => {
        queue.splice(queue.indexOf(enter), 1)
        reject(new ProblemError('unavailable', full))
      }
      const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs)
      queue.push(enter)
    })
  return async function pass<T>(task: () => Promise<T>): Promise<T> {
    if (active < running) active += 1
    else if (queue.length >= waiting) throw new ProblemError('unavailable', full)
    // Whoever leaves hands its place on, so `active` stays as it is.
    else await turn()
    try {
      return await task()
    } finally {
      const next = queue.shift()
      if (next === undefined) active -= 1
      else next()
    }
  }
}

/**
 * A gate for each key, there while somebody uses it. Where all tasks of one key may wait for the same thing, such as a
 * locked row, they leave the connections to the others.
 */
export function createGates(options: GateOptions) {
  const gates = new Map<string, { pass: ReturnType<typeof createGate>; users: number }>()
  return async function pass<T>(key: string, task: () => Promise<T>): Promise<T> {
    const gate = gates.get(key) ?? { pass: createGate(options), users: 0 }
    gates.set(key, gate)
    gate.users += 1
    try {
      return await gate.pass(task)
    } finally {
      gate.users -= 1
      if (gate.users === 0) gates.delete(key)
    }
  }
}
