import { backoffMs, later, type Backoff } from './time.ts'

export interface RepairDeps {
  /** Whether something is missing. */
  needed(): boolean
  /** Asks for a page of it; whether that brought us on. */
  mend(): Promise<boolean>
  report(error: unknown): void
  timing: RepairTiming
}

/** Milliseconds. `settleMs`: how long a gap may close by itself before it is mended. */
export interface RepairTiming {
  settleMs: number
  backoff: Backoff
}

/** Mends what is missing page by page, one at a time, until nothing is; waits longer each time when it brings nothing. */
export class Repair {
  readonly #deps: RepairDeps
  #running = false
  #failures = 0
  #progressed = false
  #stopTimer = () => {}
  #closed = false

  constructor(deps: RepairDeps) {
    this.#deps = deps
  }

  /** Begins, if something is missing and it has not begun. */
  check(): void {
    const { needed, timing } = this.#deps
    if (!needed()) this.#progressed = false
    if (this.#running || this.#closed || !needed()) return
    this.#running = true
    const settle = this.#progressed ? 0 : timing.settleMs
    const wait = settle + (this.#failures === 0 ? 0 : backoffMs(this.#failures, timing.backoff))
    this.#stopTimer = later(wait, () => {
      this.#mend().then(
        (progress) => this.#ended(progress),
        (error: unknown) => {
          this.#deps.report(error)
          this.#ended(false)
        },
      )
    })
  }

  close(): void {
    this.#closed = true
    this.#stopTimer()
  }

  async #mend(): Promise<boolean> {
    return !this.#deps.needed() || this.#deps.mend()
  }

  #ended(progress: boolean): void {
    this.#running = false
    this.#progressed = progress
    this.#failures = progress ? 0 : this.#failures + 1
    this.check()
  }
}
