/** Runs tasks that await the store as the only one of their room. */
export class Exclusive {
  readonly #onIdle: () => void
  #busy = false
  /** The task under way, or the last one. */
  #working: Promise<void> = Promise.resolve()

  /** `onIdle` is called after each task, and may begin the next. */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle
  }

  get busy(): boolean {
    return this.#busy
  }

  /** Runs a task; nobody may call it while another is under way. */
  run(task: () => Promise<void>): Promise<void> {
    this.#working = this.#work(task)
    return this.#working
  }

  /** Resolves after the task under way and the one that follows it at once, if any; rejects with the error of the latter. */
  async afterNext(): Promise<void> {
    await Promise.allSettled([this.#working])
    await this.#working
  }

  async #work(task: () => Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await task()
    } finally {
      this.#busy = false
      this.#onIdle()
    }
  }
}
