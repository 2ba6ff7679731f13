import { expect } from 'vitest'
import { committed, headOf, restorationOf } from './documents.fixture.ts'
import type { Doc, DocHead, Kv } from './kv.ts'

interface Fields {
  [name: string]: string
}
/** A head of the document and what it held there. */
interface Moment {
  head: DocHead
  fields: Fields
}

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const rounds = 60

/**
 * Commits and restores at random. Each remembered state and what is told since is the latest state; what is not told is too long ago,
 * or no ancestor.
 */
export async function randomHistory(kv: Kv, seed: number): Promise<void> {
  const dice = new Dice(seed)
  const moments: Moment[] = []
  for (let i = 0; i < rounds; i += 1) {
    const latest = moments.at(-1)
    const restored = latest && dice.below(8) === 0
    const head = restored ? await restore(kv, moments, dice) : await advance(kv, latest, dice)
    const doc = await kv.docs.read('random')
    expect(doc?.head, `seed ${seed}, round ${i}`).toEqual(head)
    moments.push({ head, fields: doc?.fields ?? {} })
  }
  await checkAll(kv, moments, seed)
}

async function advance(kv: Kv, latest: Moment | undefined, dice: Dice): Promise<DocHead> {
  const steps = Array.from({ length: 1 + dice.below(3) }, () => dice.step())
  const head = await committed(kv, 'random', { follows: latest?.head ?? null, steps })
  expect(head.version).toBe((latest?.head.version ?? 0) + steps.length)
  return head
}

/** Restores the latest or an earlier state, in the place of the latest. */
async function restore(kv: Kv, moments: readonly Moment[], dice: Dice): Promise<DocHead> {
  const back = dice.below(2) === 0 ? 1 : 1 + dice.below(Math.min(3, moments.length))
  const [origin, replaced] = [moments.at(-back), moments.at(-1)]
  if (!origin || !replaced) throw new Error('Nothing to restore')
  const change = { replaces: replaced.head, fields: origin.fields, epoch: `r${moments.length}` }
  return headOf(await kv.docs.restore('random', restorationOf(origin.head, change)))
}

async function checkAll(kv: Kv, moments: readonly Moment[], seed: number): Promise<void> {
  const doc = await kv.docs.read('random')
  if (doc === null) throw new Error('No document')
  for (const { head, fields } of moments) {
    const where = `seed ${seed}, since ${JSON.stringify(head)}`
    const look = await kv.docs.look('random', head)
    expect(look.found, where).toBe(expectedLook(doc, head))
    if (look.found === 'changes') expect(patched(fields, look.fields), where).toEqual(doc.fields)
    if (look.found === 'other') expect(look.doc, where).toEqual(doc)
    const delta = await kv.docs.since('random', head.epoch, head.version)
    expect(delta !== null, where).toBe(head.epoch === doc.head.epoch)
    if (delta) expect(patched(fields, delta.fields), where).toEqual(doc.fields)
  }
}

function expectedLook(doc: Doc, { epoch, version, commitId }: DocHead): 'same' | 'changes' | 'other' {
  if (commitId === doc.head.commitId) return 'same'
  if (commitId === doc.origin?.commitId) return 'changes'
  const remembered = doc.commits.some((one) => one.version === version && one.commitId === commitId)
  return remembered && epoch === doc.head.epoch ? 'changes' : 'other'
}

const patched = (fields: Fields, delta: Readonly<Record<string, string | null>>) =>
  Object.fromEntries(Object.entries({ ...fields, ...delta }).filter(([, value]) => value !== null))

/** A small seeded generator (Tommy Ettinger's mulberry32). */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    return Math.floor(this.#roll() * limit)
  }

  step(): Record<string, string | null> {
    const change = () => [names[this.below(names.length)] ?? '', this.#roll() < 0.4 ? null : `${this.below(1000)}`]
    return Object.fromEntries(Array.from({ length: this.below(4) }, change)) as Record<string, string | null>
  }

  #roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
