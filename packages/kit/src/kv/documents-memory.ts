import { checkCommit, checkRestoration, checkTtl, rememberedCommits, rememberedRemovals } from './checks.ts'
import type {
  CommitResult,
  Doc,
  DocCommit,
  DocDelta,
  DocHead,
  DocRestoration,
  Incarnation,
  Look,
  VersionedDocs,
} from './kv.ts'
import { TtlMap } from './ttl-map.ts'

interface Stored {
  epoch: string
  version: number
  fields: Map<string, { value: string; version: number }>
  /** Removed fields with the version that removed them, oldest first. */
  removed: Map<string, number>
  /** Removals up to this version may be forgotten. */
  floor: number
  base: number
  origin: DocHead | null
  /** The latest commits, newest first. */
  commits: { version: number; commitId: string }[]
}

interface Deps {
  append(facts: readonly string[]): void
  incarnation(): Incarnation
}

/** Versioned documents of one process. A commit runs without an await, so it is atomic. */
export class MemoryDocuments implements VersionedDocs {
  readonly #docs = new TtlMap<Stored>()
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async read(id: string): Promise<Doc | null> {
    const doc = this.#docs.get(id)
    return doc ? toDoc(doc) : null
  }

  async look(id: string, known: DocHead | null): Promise<Look> {
    const doc = this.#docs.get(id)
    if (!doc) return { found: 'none', incarnation: this.#deps.incarnation() }
    const head = headOf(doc)
    if (isSame(head, known)) return { found: 'same' }
    const from = known && goesOnFrom(doc, known)
    const fields = from === null ? null : changesSince(doc, from)
    if (fields === null) return { found: 'other', doc: toDoc(doc) }
    return { found: 'changes', head, fields, commits: [...doc.commits] }
  }

  async since(id: string, epoch: string, version: number): Promise<DocDelta | null> {
    const doc = this.#docs.get(id)
    if (!doc || doc.epoch !== epoch || version > doc.version) return null
    const fields = changesSince(doc, version)
    return fields && { version: doc.version, fields }
  }

  async commit(id: string, commit: DocCommit): Promise<CommitResult> {
    checkCommit(commit)
    const known = this.#docs.get(id)
    const repeated = known && headOfCommit(known, commit.commitId)
    if (repeated) return { outcome: 'committed', head: repeated }
    if (!isSame(known ? headOf(known) : null, commit.follows)) return conflict(known)
    if (!known && commit.incarnation !== this.#deps.incarnation().id) return conflict(known)
    const doc = known ?? created(commit.epoch)
    for (const step of commit.steps) applyStep(doc, step)
    remember(doc, commit.commitId)
    this.#docs.set(id, doc, commit.ttlMs)
    this.#deps.append(commit.facts)
    return { outcome: 'committed', head: headOf(doc) }
  }

  async restore(id: string, restoration: DocRestoration): Promise<CommitResult> {
    checkRestoration(restoration)
    const { commitId, epoch, version, origin, replaces, fields, facts, ttlMs } = restoration
    const known = this.#docs.get(id)
    const repeated = known && headOfCommit(known, commitId)
    if (repeated) return { outcome: 'committed', head: repeated }
    if (!isSame(known ? headOf(known) : null, replaces)) return conflict(known)
    const doc = { ...created(epoch), version, base: version, floor: version, origin }
    for (const [field, value] of Object.entries(fields)) doc.fields.set(field, { value, version })
    remember(doc, commitId)
    this.#docs.set(id, doc, ttlMs)
    this.#deps.append(facts)
    return { outcome: 'committed', head: headOf(doc) }
  }

  async renew(id: string, head: DocHead, ttlMs: number): Promise<boolean> {
    checkTtl(ttlMs)
    const doc = this.#docs.get(id)
    if (!doc || !isSame(headOf(doc), head)) return false
    this.#docs.set(id, doc, ttlMs)
    return true
  }

  async remove(id: string, expected: DocHead, facts: readonly string[]): Promise<boolean> {
    const doc = this.#docs.get(id)
    if (!doc || !isSame(headOf(doc), expected)) return false
    this.#docs.delete(id)
    this.#deps.append(facts)
    return true
  }

  /** Forgets everything, as a store does that comes back empty. */
  clear(): void {
    this.#docs.clear()
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
  base: 0,
  origin: null,
  commits: [],
})

const headOf = ({ epoch, version, commits }: Stored): DocHead => ({
  epoch,
  version,
  commitId: commits[0]?.commitId ?? '',
})

const isSame = (one: DocHead | null, other: DocHead | null): boolean =>
  one === null || other === null
    ? one === other
    : one.epoch === other.epoch && one.version === other.version && one.commitId === other.commitId

const conflict = (doc: Stored | undefined): CommitResult => ({
  outcome: 'conflict',
  head: doc ? headOf(doc) : null,
})

/** Where the document was after this commit; undefined if it is not one of the latest. */
function headOfCommit({ epoch, commits }: Stored, commitId: string): DocHead | undefined {
  const found = commits.find((commit) => commit.commitId === commitId)
  return found && { epoch, ...found }
}

/** The version of `doc` at which it had the contents of `known`; null when that is not one of its ancestors, or too long ago. */
function goesOnFrom(doc: Stored, known: DocHead): number | null {
  if (isSame(doc.origin, known)) return doc.base
  const ancestor = headOfCommit(doc, known.commitId)
  return ancestor && isSame(ancestor, known) ? known.version : null
}

function changesSince(doc: Stored, version: number): Record<string, string | null> | null {
  if (version < doc.floor) return null
  const changed = [...doc.fields].filter(([, field]) => field.version > version)
  const removed = [...doc.removed].filter(([, at]) => at > version)
  return Object.fromEntries([
    ...changed.map(([field, { value }]) => [field, value]),
    ...removed.map(([field]) => [field, null]),
  ])
}

const toDoc = (doc: Stored): Doc => ({
  head: headOf(doc),
  fields: Object.fromEntries([...doc.fields].map(([field, { value }]) => [field, value])),
  base: doc.base,
  origin: doc.origin,
  commits: [...doc.commits],
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
  doc.commits = [{ version: doc.version, commitId }, ...doc.commits].slice(0, rememberedCommits)
  if (doc.removed.size <= rememberedRemovals) return
  for (const [field, version] of [...doc.removed].slice(0, -rememberedRemovals)) {
    doc.removed.delete(field)
    doc.floor = version
  }
}
