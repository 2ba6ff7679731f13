const suspiciousAfterMs = 150
const silentMs = 700

/**
 * Notices a server that has stopped answering long before the client's own pings do (15 s): while a request waits, the server
 * itself is asked. The client's silence is not the server's: after the deadline what has arrived meanwhile is looked at first.
 */
export class LinkProbe {
  readonly #deps: { ask(): Promise<void>; silent(): void; answered(): void }
  #asking: Promise<void> | null = null

  /** `ask` resolves with the server's answer, however late, and rejects when the connection is lost. */
  constructor(deps: { ask(): Promise<void>; silent(): void; answered(): void }) {
    this.#deps = deps
  }

  /** Call when a request is made, and what it returns when that is over. */
  watch(): () => void {
    const timer = setTimeout(() => this.#ask(), suspiciousAfterMs)
    return () => clearTimeout(timer)
  }

  /** After a reconnect: a question that was lost with the connection is not waited for. */
  reset(): void {
    this.#asking = null
  }

  #ask(): void {
    if (this.#asking !== null) return
    const asking = this.#deps.ask()
    this.#asking = asking
    let over = false
    const timer = setTimeout(() => setImmediate(() => over || this.#deps.silent()), silentMs)
    const end = (answered: boolean) => {
      over = true
      clearTimeout(timer)
      if (this.#asking !== asking) return
      this.#asking = null
      if (answered) this.#deps.answered()
    }
    asking.then(
      () => end(true),
      () => end(false),
    )
  }
}
