import type { DistinctLimiter } from './distinct.ts'

/** The seam to Redis: leases, single-use keys, limits, and the versioned documents that hold rooms. All may reject with the problem `unavailable`. */
export interface Kv {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** Sets only if absent; true when it was set. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>
  /** Reads and deletes in one step: of many callers one gets the value. */
  take(key: string): Promise<string | null>
  delete(key: string): Promise<boolean>
  /**
   * Announces members in the set `key` for `ttlMs`, however many in a few commands; `alive` lists those whose time has not run out
   * (server's clock).
   */
  announce(key: string, members: string | readonly string[], ttlMs: number): Promise<void>
  withdraw(key: string, member: string): Promise<void>
  alive(key: string): Promise<string[]>
  /** Members whose time ran out and that nobody withdrew. */
  expired(key: string): Promise<string[]>
  /** A counter per window; falls back to one of this process when the store is away. */
  limiter(options: LimiterOptions): Limiter
  /** Counts different values; falls back to this process when the store is away. */
  distinct(options: LimiterOptions): DistinctLimiter
  docs: VersionedDocs
  facts: FactStream
  /** Asks the store which life of its data this is, and for its time; begins a new one where it has lost its own. */
  incarnation(): Promise<Incarnation>
  /**
   * Called when the store turns out to be in another incarnation than the one last seen here; after a reconnect before any other
   * command is let through.
   */
  onIncarnation(listener: (incarnation: Incarnation) => void): () => void
  /** The faults of the store's setup, in one sentence each: it works, but may lose what it holds. Empty: all is well. */
  faults(): readonly string[]
  connected(): boolean
  onStatus(listener: (connected: boolean) => void): () => void
  close(): Promise<void>
}

export interface LimiterOptions {
  name: string
  points: number
  seconds: number
}
export interface Limiter {
  /** Takes `cost` points (default 1) of `key`. */
  take(key: string, cost?: number): Promise<{ allowed: boolean; remaining: number; retryAfterMs: number }>
}

/**
 * One life of the store's data. It changes when the store has lost data, or may have: it was emptied, its process was started anew,
 * or another process took over. Then what is not in the store may have been there before.
 */
export interface Incarnation {
  /** Random; the same for everybody who asks. */
  id: string
  /** How long ago it began, ms by the store's clock. */
  ageMs: number
  /** The time of the store, ms since 1970: one clock for all who share it. */
  now: number
}

/** A commit of a document: which version it led to, in which epoch. Two heads are equal only if the contents are. */
export interface DocHead {
  epoch: string
  version: number
  commitId: string
}

/**
 * A document is a set of fields with one version. A commit says "if the document is still at this head, apply these steps": each
 * adds one version. It knows nothing of what the fields mean. Versions grow within an epoch; a new epoch begins when a document
 * is restored.
 */
export interface VersionedDocs {
  read(id: string): Promise<Doc | null>
  /** The document in the store, compared with the one the caller knows (null: nothing), in one step. */
  look(id: string, known: DocHead | null): Promise<Look>
  /** Fields changed after `version`, or null if the document is gone, has another epoch, or no longer remembers that far back. */
  since(id: string, epoch: string, version: number): Promise<DocDelta | null>
  /** Repeating a commit with the same `commitId` repeats its answer, not its effect. */
  commit(id: string, commit: DocCommit): Promise<CommitResult>
  /** Puts a whole document in the place of what stands there, under a new epoch. Repeatable like a commit. */
  restore(id: string, restoration: DocRestoration): Promise<CommitResult>
  /** Gives a document at this head another `ttlMs` to live; false if it is not at this head. */
  renew(id: string, head: DocHead, ttlMs: number): Promise<boolean>
  /** Removes the document and appends the facts, if it is still at `expected`. */
  remove(id: string, expected: DocHead, facts: readonly string[]): Promise<boolean>
}
export interface Doc {
  head: DocHead
  fields: Record<string, string>
  /** The version at which the epoch began: 0 for a document that was created, that of the restoration for one that was restored. */
  base: number
  /** The head that this epoch was restored from: the same contents as at `base`. */
  origin: DocHead | null
  /** The latest 16 commits of this epoch, newest first; the first is the head. */
  commits: readonly { version: number; commitId: string }[]
}
export interface DocDelta {
  version: number
  /** `null`: the field is gone. */
  fields: Record<string, string | null>
}
export type Look =
  /** There is no document. `incarnation` is the store's by then: another than before means that it may have been lost. */
  | { found: 'none'; incarnation: Incarnation }
  /** It is at the head that the caller knows. */
  | { found: 'same' }
  /** It has gone on from there, within the epoch or by a restoration of just that head: the fields changed since, `commits` as of `Doc`. */
  | { found: 'changes'; head: DocHead; fields: Record<string, string | null>; commits: Doc['commits'] }
  /** Anything else: it is behind, has branched off, is of another epoch, or does not remember that far back. */
  | { found: 'other'; doc: Doc }
export interface DocCommit {
  /** 1 to 64 printable characters, unique. */
  commitId: string
  /** The head this was decided on; null: there is no document yet. */
  follows: DocHead | null
  /** Of a document that this creates; otherwise that of `follows`. */
  epoch: string
  /** With `follows: null`: the incarnation in which there was no document. In another nothing is created. */
  incarnation?: string
  /** One element per version that is added, in order, at least one: the fields it sets (`null` removes). */
  steps: readonly Readonly<Record<string, string | null>>[]
  /** Texts appended to the fact stream in the same atomic step. */
  facts: readonly string[]
  ttlMs: number
}
export interface DocRestoration {
  commitId: string
  /** The head that it takes the place of; null: there is no document. */
  replaces: DocHead | null
  /** The restored state: the contents are those of this head. */
  origin: DocHead
  /** The new epoch, and the version that it begins with: higher than any before. */
  epoch: string
  version: number
  fields: Readonly<Record<string, string>>
  facts: readonly string[]
  ttlMs: number
}
export type CommitResult =
  | { outcome: 'committed'; head: DocHead }
  /** Somebody else was first, or the document is gone (null), or the incarnation is another. */
  | { outcome: 'conflict'; head: DocHead | null }

/** Facts in the order they were appended; each is given to one consumer of the group until that consumer's handler resolves. At least once. */
export interface FactStream {
  append(fact: string): Promise<void>
  consume(options: {
    group: string
    consumer: string
    handle: (facts: readonly { id: string; text: string }[]) => Promise<void>
  }): FactConsumer
}
export interface FactConsumer {
  /** Waits for the batch under way. */
  stop(): Promise<void>
}
