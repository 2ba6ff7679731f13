import { checkCommit, rememberedCommits, rememberedRemovals } from './checks.ts'
import type { CommitResult, Doc, DocCommit, DocDelta, VersionedDocs } from './kv.ts'
import { TtlMap } from './ttl-map.ts'

interface Stored {
  epoch: string
  version: number
  fields: Map<string, { value: string; version: number }>
  /** Removed fields with the version that removed them, oldest first. */
  removed: Map<string, number>
  /** Removals up to this version may be forgotten. */
  floor: number
  /** The latest commit ids with the versions they led to, oldest first. */
  commits: Map<string, number>
}

/** Versioned documents of one process. A commit runs without an await, so it is atomic. */
export class MemoryDocs implements VersionedDocs {
  readonly #docs = new TtlMap<Stored>()
  readonly #append: (facts: readonly string[]) => void

  constructor(append: (facts: readonly string[]) => void) {
    this.#append = append
  }

  async read(id: string): Promise<Doc | null> {
    const doc = this.#docs.get(id)
    if (!doc) return null
    const fields = Object.fromEntries([...doc.fields].map(([field, { value }]) => [field, value]))
    return { epoch: doc.epoch, version: doc.version, fields }
  }

  async since(id: string, epoch: string, version: number): Promise<DocDelta | null> {
    const doc = this.#docs.get(id)
    if (!doc || doc.epoch !== epoch || version < doc.floor || version > doc.version) return null
    const changed = [...doc.fields].filter(([, field]) => field.version > version)
    const removed = [...doc.removed].filter(([, at]) => at > version)
    const fields = [...changed.map(([field, { value }]) => [field, value]), ...removed.map(([field]) => [field, null])]
    return { version: doc.version, fields: Object.fromEntries(fields) }
  }

  async commit(id: string, commit: DocCommit): Promise<CommitResult> {
    checkCommit(commit)
    const known = this.#docs.get(id)
    const repeated = known?.commits.get(commit.commitId)
    if (repeated !== undefined) return { outcome: 'committed', version: repeated }
    const doc = known ?? created(commit.epoch)
    if (doc.epoch !== commit.epoch || doc.version !== commit.expected)
      return { outcome: 'conflict', epoch: known?.epoch ?? null, version: doc.version }
    for (const step of commit.steps) applyStep(doc, step)
    remember(doc, commit.commitId)
    this.#docs.set(id, doc, commit.ttlMs)
    this.#append(commit.facts)
    return { outcome: 'committed', version: doc.version }
  }

  async remove(id: string, expected: { epoch: string; version: number }, facts: readonly string[]): Promise<boolean> {
    const doc = this.#docs.get(id)
    if (!doc || doc.epoch !== expected.epoch || doc.version !== expected.version) return false
    this.#docs.delete(id)
    this.#append(facts)
    return true
  }

  close(): void {
    this.#docs.close()
  }
}

const created = (epoch: string): Stored => ({
  epoch,
  version: 0,
  fields: new Map(),
  removed: new Map(),
  floor: 0,
  commits: new Map(),
})

function applyStep(doc: Stored, step: DocCommit['steps'][number]): void {
  doc.version += 1
  for (const [field, value] of Object.entries(step)) {
    if (value !== null) {
      doc.fields.set(field, { value, version: doc.version })
      doc.removed.delete(field)
    } else if (doc.fields.delete(field)) doc.removed.set(field, doc.version)
  }
}

function remember(doc: Stored, commitId: string): void {
  doc.commits.set(commitId, doc.version)
  for (const old of [...doc.commits.keys()].slice(0, -rememberedCommits)) doc.commits.delete(old)
  if (doc.removed.size <= rememberedRemovals) return
  for (const [field, version] of [...doc.removed].slice(0, -rememberedRemovals)) {
    doc.removed.delete(field)
    doc.floor = version
  }
}
