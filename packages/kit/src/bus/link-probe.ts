const suspiciousAfterMs = 150
const silentMs = 700
/** So many at once are asked about at once. */
const manySent = 1_000

/**
 * Notices a server that has stopped answering long before the client's own pings do (15 s): while a request waits, or after
 * something was published, the server itself is asked. Its answer says that it has all that was sent before. The client's silence
 * is not the server's: after the deadline what has arrived meanwhile is looked at first.
 */
export class LinkProbe {
  readonly #deps: { ask(): Promise<void>; silent(): void; answered(): void }
  #asking: Promise<void> | null = null
  #unconfirmed = 0
  #planned = false

  /** `ask` resolves with the server's answer, however late, and rejects when the connection is lost. */
  constructor(deps: { ask(): Promise<void>; silent(): void; answered(): void }) {
    this.#deps = deps
  }

  /** The messages that may not have arrived yet. */
  get unconfirmed(): number {
    return this.#unconfirmed
  }

  /** Call when a request is made, and what it returns when that is over. */
  watch(): () => void {
    const timer = setTimeout(() => this.#ask(), suspiciousAfterMs)
    return () => clearTimeout(timer)
  }

  /** Call when something was published. */
  sent(): void {
    this.#unconfirmed += 1
    this.#askSoon()
  }

  /** After a reconnect: what was lost with the connection is not waited for. */
  reset(): void {
    this.#asking = null
    this.#unconfirmed = 0
  }

  #askSoon(): void {
    if (this.#unconfirmed >= manySent) return this.#ask()
    if (this.#planned) return
    this.#planned = true
    setTimeout(() => {
      this.#planned = false
      this.#ask()
    }, suspiciousAfterMs)
  }

  #ask(): void {
    if (this.#asking !== null) return
    const asking = this.#deps.ask()
    const asked = this.#unconfirmed
    this.#asking = asking
    let over = false
    const timer = setTimeout(() => setImmediate(() => over || this.#deps.silent()), silentMs)
    const end = (answered: boolean) => {
      over = true
      clearTimeout(timer)
      if (this.#asking !== asking) return
      this.#asking = null
      this.#unconfirmed = answered ? this.#unconfirmed - asked : 0
      if (this.#unconfirmed > 0) this.#askSoon()
      if (answered) this.#deps.answered()
    }
    asking.then(
      () => end(true),
      () => end(false),
    )
  }
}
