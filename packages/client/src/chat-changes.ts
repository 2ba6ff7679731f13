const maxBeyond = 1_000

/**
 * Which edits and deletions of a meeting are here, by their numbers: all up to `applied`, and some beyond it. Each
 * concerns one message, whose latest version has the highest.
 */
export class ChatChanges {
  #applied: number
  #head: number
  readonly #beyond = new Set<number>()

  /** Messages read from now on have all changes up to `chatRev`. */
  constructor(chatRev: number) {
    this.#applied = chatRev
    this.#head = chatRev
  }

  get applied(): number {
    return this.#applied
  }
  /** Whether changes are known to exist that are not here. */
  get missing(): boolean {
    return this.#head > this.#applied
  }

  /** There is a change `rev`. */
  note(rev: number): void {
    this.#head = Math.max(this.#head, rev)
  }

  /** Change `rev` is here. */
  take(rev: number): void {
    this.note(rev)
    if (rev <= this.#applied) return
    // A change that is not remembered is asked for once more, and harms nobody.
    if (this.#beyond.size < maxBeyond) this.#beyond.add(rev)
    this.#advance()
  }

  /** Everything up to change `rev` is here. */
  reach(rev: number): void {
    this.note(rev)
    this.#applied = Math.max(this.#applied, rev)
    for (const one of this.#beyond) if (one <= this.#applied) this.#beyond.delete(one)
    this.#advance()
  }

  #advance(): void {
    while (this.#beyond.delete(this.#applied + 1)) this.#applied++
  }
}
