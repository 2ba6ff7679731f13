import type { Logger } from '../logger.ts'
import type { Incarnation } from './kv.ts'

/** Tells its listeners when the store turns out to be in another incarnation than the one last seen. */
export class IncarnationWatch {
  readonly #log: Logger | undefined
  readonly #listeners = new Set<(incarnation: Incarnation) => void>()
  #last: string | null = null

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  /** Notes what the store said. Listeners know before this returns. */
  seen(incarnation: Incarnation): void {
    const { id, ageMs } = incarnation
    const changed = this.#last !== null && this.#last !== id
    this.#last = id
    if (!changed) return
    this.#log?.warn({ incarnation: id, ageMs }, 'the store is in another incarnation, it may have lost data')
    for (const listener of Array.from(this.#listeners)) this.#tell(listener, incarnation)
  }

  listen(listener: (incarnation: Incarnation) => void): () => void {
    // A wrapper, so that the same function may listen twice.
    const entry = (incarnation: Incarnation) => listener(incarnation)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  #tell(listener: (incarnation: Incarnation) => void, incarnation: Incarnation): void {
    try {
      listener(incarnation)
    } catch (err) {
      this.#log?.error({ err }, 'a listener for incarnations failed')
    }
  }
}
