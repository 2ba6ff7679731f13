interface Write<T> {
  value: T
  from: number
  /** When it was acknowledged; until then it may happen at any time, or never. */
  until: number | null
}

/** The writes to one value with many writers, and the values it may have now. */
export class Register<T> {
  readonly #writes: Write<T>[]

  constructor(value: T, at: number) {
    this.#writes = [{ value, from: at, until: at }]
  }

  /** Begins a write; what it answers is called when it was acknowledged. */
  write(value: T, from: number): (until: number) => void {
    const write: Write<T> = { value, from, until: null }
    this.#writes.push(write)
    return (until) => (write.until = until)
  }

  /** Values that no acknowledged write, which began after they were acknowledged, has replaced. */
  get possible(): T[] {
    const last = this.acknowledgedFrom
    return this.#writes.filter(({ until }) => until === null || until >= last).map(({ value }) => value)
  }

  /** When the newest acknowledged write began. */
  get acknowledgedFrom(): number {
    return Math.max(...this.#writes.map(({ from, until }) => (until === null ? 0 : from)))
  }
}
