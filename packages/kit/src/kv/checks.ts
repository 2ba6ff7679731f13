import type { DocCommit, DocRestoration } from './kv.ts'

/** How many of its latest commits a document recognises when they are repeated. */
export const rememberedCommits = 16
/** How many removed fields a document remembers for `since`. */
export const rememberedRemovals = 4096
/** How many facts of a stream are kept, acknowledged or not. */
export const rememberedFacts = 1_000_000
/** How many facts of all streams together are kept when they are acknowledged: the latest, to look at. */
export const keptFacts = 20_000

const commitIdShape = /^[\x21-\x7e]{1,64}$/

export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) throw new RangeError(`Not a time to live: ${ttlMs}`)
}

/** Throws on a commit that no implementation could carry out. */
export function checkCommit({ commitId, epoch, follows, incarnation, steps, ttlMs }: DocCommit): void {
  checkTtl(ttlMs)
  checkCommitId(commitId)
  if (steps.length === 0) throw new RangeError('A commit needs a step')
  if (epoch === '') throw new RangeError('The epoch is empty')
  if (follows !== null && follows.epoch !== epoch) throw new RangeError('A commit stays in the epoch that it follows')
  if (follows === null && incarnation === undefined)
    throw new RangeError('To create a document, name the incarnation in which there was none')
}

/** The same for a restoration. */
export function checkRestoration({ commitId, epoch, origin, replaces, ttlMs, version }: DocRestoration): void {
  checkTtl(ttlMs)
  checkCommitId(commitId)
  checkCommitId(origin.commitId)
  if (epoch === '' || epoch === origin.epoch || epoch === replaces?.epoch)
    throw new RangeError('A restoration begins a new epoch')
  if (!Number.isSafeInteger(version)) throw new RangeError(`Not a version: ${version}`)
  if (version <= Math.max(origin.version, replaces?.version ?? 0))
    throw new RangeError('Versions never go back, and a restoration is one of its own')
}

function checkCommitId(commitId: string): void {
  if (!commitIdShape.test(commitId)) throw new RangeError('A commit id is 1 to 64 printable characters')
}
