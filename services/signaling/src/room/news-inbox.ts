import type { CommitNews, HeadNews } from './news.ts'

const maxKept = 1_000
/** News of a commit that the store already shows are on their way, unless the bus lost them. */
const waitMs = 25

/** News of a room that came from other nodes while it was busy, in the order it came. */
export class NewsInbox {
  /** Null: it was too much to keep. */
  #kept: HeadNews[] | null = []
  #onAdded: (() => void) | null = null

  get size(): number {
    return this.#kept?.length ?? 0
  }

  add(news: HeadNews): void {
    if (this.#kept === null || this.#kept.length >= maxKept) this.#kept = null
    else this.#kept.push(news)
    this.#onAdded?.()
  }

  /** The kept news is of no use any more: the document has to be read. */
  overflow(): void {
    this.#kept = null
  }

  /** Takes everything out; null if it was too much. */
  takeAll(): HeadNews[] | null {
    const kept = this.#kept
    this.#kept = []
    return kept
  }

  /** The commits told so far once this one is among them, if that is soon; else none. */
  async upTo(commitId: string): Promise<CommitNews[]> {
    const commits = () => this.#kept?.filter((news) => news.kind === 'commit') ?? []
    const isHere = () => this.#kept === null || commits().some((news) => news.commitId === commitId)
    if (!isHere()) await this.#until(isHere)
    return isHere() ? commits() : []
  }

  async #until(isHere: () => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs)
      this.#onAdded = () => isHere() && resolve()
    })
    this.#onAdded = null
    clearTimeout(timer)
  }
}
