import { MemoryDocuments } from '@parley/kit/testing'
import type { Seat } from '@parley/contracts'
import { newId, type CommitResult, type Doc, type DocCommit, type DocRestoration, type Incarnation } from '@parley/kit'
import type { Loop } from './loop.ts'
import { epochMs } from './virtual-time.ts'

export interface StoredFact {
  text: string
  /** The write that appended it. */
  write: number
}

interface Write {
  /** Carries it out once more. */
  run(docs: MemoryDocuments): Promise<unknown>
  commitId: string
  took: boolean
}

/** The losses of the store, with their times. */
export interface Loss {
  at: number
  kind: 'emptied' | 'rolled-back' | 'failover'
  commits: number
  /** A node that knew nothing of the room has read it since, before it was restored: what was lost may be built over. */
  readByStranger: boolean
}

/**
 * The store of all nodes: the documents of the kit with everything around them that a real one may do to them. Each operation is one
 * atomic step; how it gets here and what becomes of its answer is the link's.
 */
export class ModelStore {
  facts: StoredFact[] = []
  readonly losses: Loss[] = []
  /** The index of changed fields is gone, as with eviction: until the next write only whole documents can be read. */
  indexGone = false
  /** Told of each participant's first seat, and up to which number the room had carried out commands by then. */
  onSeat: (seat: Seat, seq: number) => void = () => {}
  /** Told that facts were appended. */
  onFacts: () => void = () => {}
  readonly #seated = new Set<string>()
  readonly #loop: Loop
  #docs = this.#newDocs()
  #writes: Write[] = []
  #replaying = false
  #life = { id: newId(), since: -1_000_000 }
  readonly #sets = new Map<string, Map<string, number>>()
  readonly #values = new Map<string, string>()

  constructor(loop: Loop) {
    this.#loop = loop
  }

  incarnation(): Incarnation {
    const { now } = this.#loop
    return { id: this.#life.id, ageMs: Math.floor(now - this.#life.since), now: epochMs + Math.floor(now) }
  }

  get docs(): Pick<MemoryDocuments, 'read' | 'look' | 'since' | 'renew' | 'remove'> {
    return this.#docs
  }

  async commit(id: string, commit: DocCommit): Promise<CommitResult> {
    const before = this.#docs.read(id)
    const result = await this.#write(commit.commitId, (docs) => docs.commit(id, commit))
    if (result.outcome === 'committed') this.#noteSeats(await before, commit.steps)
    return result
  }

  restore(id: string, restoration: DocRestoration) {
    return this.#write(restoration.commitId, (docs) => docs.restore(id, restoration))
  }

  async look(...[id, known]: Parameters<MemoryDocuments['look']>): ReturnType<MemoryDocuments['look']> {
    const last = this.losses.at(-1)
    if (known === null && last) last.readByStranger = true
    const look = await this.#docs.look(id, known)
    // It cannot say what has changed since, and says so.
    if (look.found !== 'changes' || known === null || !this.indexGone) return look
    return this.#docs.look(id, { ...known, commitId: 'unknown' })
  }

  async since(...[id, epoch, version]: Parameters<MemoryDocuments['since']>): ReturnType<MemoryDocuments['since']> {
    const delta = await this.#docs.since(id, epoch, version)
    if (delta && this.indexGone) return null
    return delta
  }

  announce(key: string, members: readonly string[], ttlMs: number): void {
    const known = this.#sets.get(key) ?? new Map<string, number>()
    for (const member of members) known.set(member, this.#loop.now + ttlMs)
    this.#sets.set(key, known)
  }

  withdraw(key: string, member: string): void {
    this.#sets.get(key)?.delete(member)
  }

  members(key: string, which: 'alive' | 'expired'): string[] {
    const { now } = this.#loop
    const fits = (until: number) => until > now === (which === 'alive')
    return [...(this.#sets.get(key) ?? [])].filter(([, until]) => fits(until)).map(([member]) => member)
  }

  get(key: string): string | null {
    return this.#values.get(key) ?? null
  }

  set(key: string, value: string | null): void {
    if (value === null) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  /** The room as it is written down, for those who judge. */
  truth(id: string): Promise<Doc | null> {
    return this.#docs.read(id)
  }

  /** Comes back without anything, in a new incarnation. */
  empty(): void {
    const commits = this.#effective().length
    this.losses.push({ at: this.#loop.now, kind: 'emptied', commits, readByStranger: false })
    this.#docs.close()
    this.#docs = this.#newDocs()
    this.#writes = []
    this.facts = []
    this.#sets.clear()
    this.#values.clear()
    this.#beginLife()
  }

  /** The time of a document without people is over. */
  async runOut(id: string): Promise<void> {
    const doc = await this.#docs.read(id)
    if (!doc || Object.keys(doc.fields).some((field) => field.startsWith('p:'))) return
    await this.#docs.remove(id, doc.head, [])
    // It is not a part of what the store may go back to.
    this.#writes = []
  }

  /** Goes back by some commits; `failover`: in a new incarnation, else nobody can tell by asking for it. */
  rollBack(commits: number, failover: boolean): void {
    // Without a word that it went back there is still a document: one that is gone has run out.
    const effective = this.#effective().slice(failover ? 0 : 1)
    const lost = new Set(effective.slice(-commits))
    const kind = failover ? 'failover' : 'rolled-back'
    this.losses.push({ at: this.#loop.now, kind, commits: lost.size, readByStranger: false })
    this.facts = this.facts.filter(({ write }) => !lost.has(this.#writes[write] as Write))
    for (const write of lost) write.took = false
    this.#docs.close()
    this.#docs = this.#newDocs()
    this.#replaying = true
    for (const write of this.#writes) if (write.took) void write.run(this.#docs)
    this.#replaying = false
    if (failover) this.#beginLife()
  }

  close(): void {
    this.#docs.close()
  }

  #beginLife(): void {
    this.#life = { id: newId(), since: this.#loop.now }
  }

  #effective(): Write[] {
    return this.#writes.filter(({ took }) => took)
  }

  #write<T extends { outcome: string }>(commitId: string, run: (docs: MemoryDocuments) => Promise<T>): Promise<T> {
    const write: Write = { run, commitId, took: false }
    const again = this.#writes.some((one) => one.took && one.commitId === commitId)
    this.#writes.push(write)
    return run(this.#docs).then((result) => {
      write.took = result.outcome === 'committed' && !again
      if (write.took) this.indexGone = false
      return result
    })
  }

  #newDocs(): MemoryDocuments {
    return new MemoryDocuments({
      append: (facts) => {
        if (this.#replaying) return
        for (const text of facts) this.facts.push({ text, write: this.#writes.length - 1 })
        if (facts.length > 0) this.onFacts()
      },
      incarnation: () => this.incarnation(),
    })
  }

  #noteSeats(before: Doc | null, steps: DocCommit['steps']): void {
    let seq = Number(before?.fields['seq'] ?? 0)
    for (const step of steps) {
      for (const [field, value] of Object.entries(step)) {
        if (typeof value !== 'string' || !field.startsWith('p:') || this.#seated.has(field)) continue
        this.#seated.add(field)
        this.onSeat(JSON.parse(value) as Seat, seq)
      }
      seq = Number(step['seq'] ?? seq)
    }
  }
}
