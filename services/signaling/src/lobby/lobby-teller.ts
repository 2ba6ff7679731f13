import type { LobbyEntry } from '@parley/contracts'
import { messageFrame } from '../room/frames.ts'
import type { LocalSession } from '../session/local-session.ts'

interface Shown {
  lv: number
  entries: readonly LobbyEntry[]
}

const everyMs = 1_000

/**
 * Shows the queue of one lobby to hosts and cohosts on this node, once a second at most: n changes cost each of them O(n) bytes, not
 * O(n²). A client that takes `lobby.changed` gets what is new since it was last told; others, and whoever was told nothing yet, all.
 */
export class LobbyTeller {
  readonly #audience: () => Iterable<LocalSession>
  readonly #takesChanges = new WeakSet<LocalSession>()
  readonly #shown = new WeakMap<LocalSession, Shown>()
  #latest: Shown | null = null
  #toldAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  /** `audience` are those who may see it, by now. */
  constructor(audience: () => Iterable<LocalSession>) {
    this.#audience = audience
  }

  /** A socket of this session has come in: what it has is not known. */
  follow(session: LocalSession, { changes }: { changes: boolean }): void {
    this.#shown.delete(session)
    if (changes) this.#takesChanges.add(session)
    else this.#takesChanges.delete(session)
  }

  /** The queue is another than before: told at once, or when the second is over. */
  tell(latest: Shown): void {
    this.#latest = latest
    const dueInMs = this.#toldAt + everyMs - performance.now()
    if (dueInMs <= 0) this.tellNow()
    else this.#timer ??= setTimeout(() => this.tellNow(), dueInMs).unref()
  }

  /** Tells whoever does not have the latest. */
  tellNow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const latest = this.#latest
    if (latest === null) return
    this.#toldAt = performance.now()
    const frames = new Map<Shown | null, Buffer>()
    for (const session of this.#audience()) {
      const shown = (this.#takesChanges.has(session) && this.#shown.get(session)) || null
      if (this.#shown.get(session) === latest) continue
      const frame = frames.get(shown) ?? frameOf(latest, shown)
      frames.set(shown, frame)
      this.#shown.set(session, latest)
      session.deliver(frame, null)
    }
  }
}

function frameOf({ lv, entries }: Shown, before: Shown | null): Buffer {
  if (before === null) return messageFrame({ type: 'lobby.updated', payload: { lv, lobby: [...entries] } })
  const known = new Map(before.entries.map((entry) => [entry.participantId, entry]))
  const upserts = entries.filter((entry) => isNews(entry, known.get(entry.participantId)))
  const now = new Set(entries.map(({ participantId }) => participantId))
  const left = [...known.keys()].filter((id) => !now.has(id))
  return messageFrame({ type: 'lobby.changed', payload: { lv, follows: before.lv, upserts, left } })
}

/** Positions follow from the order: that somebody moves up is no news of their own. */
function isNews(entry: LobbyEntry, before: LobbyEntry | undefined): boolean {
  return (
    before === undefined || JSON.stringify({ ...entry, position: 0 }) !== JSON.stringify({ ...before, position: 0 })
  )
}
