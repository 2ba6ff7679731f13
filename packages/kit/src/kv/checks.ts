import type { DocCommit } from './kv.ts'

/** How many of its latest commits a document recognises when they are repeated. */
export const rememberedCommits = 16
/** How many removed fields a document remembers for `since`. */
export const rememberedRemovals = 4096
/** How many facts of a stream are kept. */
export const rememberedFacts = 1_000_000

const commitId = /^[\x21-\x7e]{1,64}$/

export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) throw new RangeError(`Not a time to live: ${ttlMs}`)
}

/** Throws on a commit that no implementation could carry out. Without steps it only renews the time to live. */
export function checkCommit(commit: DocCommit): void {
  checkTtl(commit.ttlMs)
  if (!commitId.test(commit.commitId)) throw new RangeError('A commit id is 1 to 64 printable characters')
  if (!Number.isSafeInteger(commit.expected) || commit.expected < 0) throw new RangeError('Not a version')
  if (commit.expected === 0 && commit.steps.length === 0) throw new RangeError('The first commit needs a step')
  if (commit.epoch === '') throw new RangeError('The epoch is empty')
}
