import { localError } from './problem.ts'
import { later } from './time.ts'

/** Those who wait for one thing that comes for all of them, or not at all; a bounded number, for a bounded time. */
export class Waiters<T> {
  readonly #max: number
  #all = new Set<{ resolve(value: T): void; reject(error: Error): void }>()

  constructor(max: number) {
    this.#max = max
  }

  /** Rejects with `unavailable` after `ms`, or at once if too many wait already. */
  wait(ms: number): Promise<T> {
    if (this.#all.size >= this.#max)
      return Promise.reject(localError('unavailable', 'Too much waits for the connection'))
    return new Promise((resolve, reject) => {
      const stop = later(ms, () => {
        this.#all.delete(waiter)
        reject(localError('unavailable', 'The connection did not come back in time'))
      })
      const settle =
        <V>(to: (value: V) => void) =>
        (value: V) => {
          stop()
          to(value)
        }
      const waiter = { resolve: settle(resolve), reject: settle(reject) }
      this.#all.add(waiter)
    })
  }

  resolve(value: T): void {
    for (const { resolve } of this.#take()) resolve(value)
  }

  reject(error: Error): void {
    for (const { reject } of this.#take()) reject(error)
  }

  #take() {
    const all = this.#all
    this.#all = new Set()
    return all
  }
}
