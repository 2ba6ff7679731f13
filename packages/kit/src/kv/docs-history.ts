import { expect } from 'vitest'
import type { Doc, DocDelta, VersionedDocs } from './kv.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

/** Commits at random and checks that each remembered state plus `since` is the latest state. */
export async function randomHistory(docs: VersionedDocs, seed: number): Promise<void> {
  const random = mulberry32(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const change = (): [string, string | null] => [
    names[below(names.length)] ?? '',
    random() < 0.4 ? null : `${below(1000)}`,
  ]
  const step = () => Object.fromEntries(Array.from({ length: below(4) }, change))
  const states: Doc[] = [{ epoch: 'e', version: 0, fields: {} }]
  for (let i = 0; i < 40; i += 1) {
    const expected = states.at(-1)?.version ?? 0
    const steps = Array.from({ length: 1 + below(3) }, step)
    await docs.commit('random', { commitId: `${seed}-${i}`, epoch: 'e', expected, steps, facts: [], ttlMs: 60_000 })
    const latest = await docs.read('random')
    expect(latest?.version).toBe(expected + steps.length)
    if (latest) states.push(latest)
  }
  const latest = states.at(-1)
  for (const state of states) {
    const delta = await docs.since('random', 'e', state.version)
    expect(delta && patched(state, delta), `seed ${seed}, since ${state.version}`).toEqual(latest?.fields)
  }
}

const patched = ({ fields }: Doc, delta: DocDelta) =>
  Object.fromEntries(Object.entries({ ...fields, ...delta.fields }).filter(([, value]) => value !== null))

/** A small seeded generator (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
