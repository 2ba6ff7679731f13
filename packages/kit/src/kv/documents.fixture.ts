import { randomUUID } from 'node:crypto'
import type { CommitResult, DocCommit, DocHead, DocRestoration, Kv } from './kv.ts'

/** A commit that creates a document unless `follows` says otherwise. */
export const commitOf = (change: Partial<DocCommit> = {}): DocCommit => ({
  commitId: randomUUID(),
  follows: null,
  epoch: change.follows?.epoch ?? 'e1',
  steps: [{ a: '1' }],
  facts: [],
  ttlMs: 60_000,
  ...change,
})

/** Commits; what it creates, it creates in the incarnation of the moment. */
export async function commit(kv: Kv, id: string, change: Partial<DocCommit> = {}): Promise<CommitResult> {
  const incarnation = (await kv.incarnation()).id
  return kv.docs.commit(id, commitOf({ incarnation, ...change }))
}

/** The same; throws if somebody else was first. */
export async function committed(kv: Kv, id: string, change: Partial<DocCommit> = {}): Promise<DocHead> {
  return headOf(await commit(kv, id, change))
}

/** The head that a commit led to. */
export function headOf(result: CommitResult): DocHead {
  if (result.outcome === 'committed') return result.head
  throw new Error(`Not committed, the document is at ${JSON.stringify(result.head)}`)
}

/** A restoration of `origin`, in the place of the document at that head unless `replaces` says otherwise. */
export const restorationOf = (origin: DocHead, change: Partial<DocRestoration> = {}): DocRestoration => ({
  commitId: randomUUID(),
  replaces: origin,
  origin,
  epoch: 'e2',
  version: Math.max(origin.version, change.replaces?.version ?? 0) + 1,
  fields: { a: '1' },
  facts: [],
  ttlMs: 60_000,
  ...change,
})
