/** Whether a link to a server stands, and who wants to know. */
export class LinkStatus {
  #connected: boolean
  readonly #listeners = new Set<(connected: boolean) => void>()

  constructor(connected: boolean) {
    this.#connected = connected
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Tells the listeners, if this is a change. */
  set(connected: boolean): void {
    if (connected === this.#connected) return
    this.#connected = connected
    for (const listener of Array.from(this.#listeners)) listener(connected)
  }

  onChange(listener: (connected: boolean) => void): () => void {
    // A wrapper, so that the same function may listen twice.
    const entry = (connected: boolean) => listener(connected)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }
}
