/** The seam to Redis: leases, single-use keys, limits, and the versioned documents that hold rooms. All may reject with the problem `unavailable`. */
export interface Kv {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** Sets only if absent; true when it was set. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>
  /** Reads and deletes in one step: of many callers one gets the value. */
  take(key: string): Promise<string | null>
  delete(key: string): Promise<boolean>
  /** Announces `member` in the set `key` for `ttlMs`; `alive` lists the members whose time has not run out (server's clock). */
  announce(key: string, member: string, ttlMs: number): Promise<void>
  withdraw(key: string, member: string): Promise<void>
  alive(key: string): Promise<string[]>
  /** Members whose time ran out and that nobody withdrew. */
  expired(key: string): Promise<string[]>
  /** A counter per window; falls back to one of this process when the store is away. */
  limiter(options: LimiterOptions): Limiter
  docs: VersionedDocs
  facts: FactStream
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
 * A document is a set of fields with one version. A commit says "if the version is still N, apply these steps, and it is
 * N + the number of steps"; it knows nothing of what the fields mean.
 */
export interface VersionedDocs {
  read(id: string): Promise<Doc | null>
  /** Fields changed after `version`, or null if the document is gone, has another epoch, or no longer remembers that far back. */
  since(id: string, epoch: string, version: number): Promise<DocDelta | null>
  /** Repeating a commit with the same `commitId` repeats its answer, not its effect. */
  commit(id: string, commit: DocCommit): Promise<CommitResult>
  /** Removes the document and appends the facts, if the version is still `expected`. */
  remove(id: string, expected: { epoch: string; version: number }, facts: readonly string[]): Promise<boolean>
}
export interface Doc {
  epoch: string
  version: number
  fields: Record<string, string>
}
export interface DocDelta {
  version: number
  /** `null`: the field is gone. */
  fields: Record<string, string | null>
}
export interface DocCommit {
  commitId: string
  /** The epoch and version this was decided on; version 0 creates the document with that epoch. */
  epoch: string
  expected: number
  /** One element per version that is added, in order: the fields it sets (`null` removes). */
  steps: readonly Readonly<Record<string, string | null>>[]
  /** Texts appended to the fact stream in the same atomic step. */
  facts: readonly string[]
  ttlMs: number
}
export type CommitResult =
  | { outcome: 'committed'; version: number }
  /** Somebody else was first, or the document is gone (`version` 0) or has another epoch. */
  | { outcome: 'conflict'; epoch: string | null; version: number }

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
