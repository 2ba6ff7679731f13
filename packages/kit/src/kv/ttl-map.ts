const sweepMs = 10_000

/** A map whose entries end after a time; they go when they are looked at, or within ten seconds. */
export class TtlMap<Value> {
  readonly #entries = new Map<string, { value: Value; until: number }>()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref()
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry && entry.until > performance.now()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: string, value: Value, ttlMs: number): void {
    this.#entries.set(key, { value, until: performance.now() + ttlMs })
  }

  delete(key: string): boolean {
    const present = this.get(key) !== undefined
    this.#entries.delete(key)
    return present
  }

  clear(): void {
    this.#entries.clear()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#entries.clear()
  }

  #sweep(): void {
    const now = performance.now()
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key)
  }
}
