import { later } from './time.ts'

/** Nobody types longer than this without saying so again. */
const expiresMs = 6_000
const repeatMs = 3_000
const maxTyping = 50

/** The people who are typing. The news may be lost, so it also ends by itself. */
export class TypingPeers {
  readonly #changed: () => void
  readonly #stops = new Map<string, () => void>()
  #ids: readonly string[] = []

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get ids(): readonly string[] {
    return this.#ids
  }

  set(participantId: string, typing: boolean): void {
    this.#stops.get(participantId)?.()
    this.#stops.delete(participantId)
    if (typing && this.#stops.size < maxTyping)
      this.#stops.set(
        participantId,
        later(expiresMs, () => this.set(participantId, false)),
      )
    if (this.#ids.includes(participantId) === this.#stops.has(participantId)) return
    this.#ids = [...this.#stops.keys()]
    this.#changed()
  }

  clear(): void {
    for (const stop of this.#stops.values()) stop()
    this.#stops.clear()
    this.#ids = []
  }
}

/** Tells that one types oneself: at most every 3 s, and at once when it ends. */
export function ownTyping(send: (typing: boolean) => void): (typing: boolean) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (typing) => {
    const now = performance.now()
    const isOn = now - toldAt < expiresMs
    if (typing ? now - toldAt < repeatMs : !isOn) return
    toldAt = typing ? now : Number.NEGATIVE_INFINITY
    send(typing)
  }
}
