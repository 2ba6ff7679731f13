import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { randomHistory } from './docs-history.ts'
import type { DocCommit, Kv } from './kv.ts'

export const commitOf = (change: Partial<DocCommit>): DocCommit => ({
  commitId: randomUUID(),
  epoch: 'e1',
  expected: 0,
  steps: [{ a: '1' }],
  facts: [],
  ttlMs: 60_000,
  ...change,
})

/** What every versioned document does. */
export function docsContract(kv: () => Kv): void {
  commits(kv)
  repeats(kv)
  changes(kv)
}

function commits(kv: () => Kv): void {
  it('creates a document and adds one version per step', async () => {
    expect(await kv().docs.read('r')).toBeNull()
    const steps = [{ a: '1', 'é:x': 'ü' }, { b: '', a: null }, {}]
    expect(await kv().docs.commit('r', commitOf({ steps }))).toEqual({ outcome: 'committed', version: 3 })
    expect(await kv().docs.read('r')).toEqual({ epoch: 'e1', version: 3, fields: { 'é:x': 'ü', b: '' } })
    expect(await kv().docs.commit('r', commitOf({ expected: 3 }))).toEqual({ outcome: 'committed', version: 4 })
  })

  it('refuses a commit on another version, on another epoch, and on a document that is gone', async () => {
    await kv().docs.commit('r', commitOf({}))
    const conflict = { outcome: 'conflict', epoch: 'e1', version: 1 }
    expect(await kv().docs.commit('r', commitOf({}))).toEqual(conflict)
    expect(await kv().docs.commit('r', commitOf({ expected: 2 }))).toEqual(conflict)
    expect(await kv().docs.commit('r', commitOf({ expected: 1, epoch: 'e2' }))).toEqual(conflict)
    expect(await kv().docs.commit('gone', commitOf({ expected: 1 }))).toEqual({
      outcome: 'conflict',
      epoch: null,
      version: 0,
    })
    expect(await kv().docs.read('r')).toEqual({ epoch: 'e1', version: 1, fields: { a: '1' } })
    expect(await kv().docs.read('gone')).toBeNull()
  })

  it('commits one of 50 that were decided on the same version', async () => {
    await kv().docs.commit('r', commitOf({}))
    const racing = Array.from({ length: 50 }, (_, i) =>
      kv().docs.commit('r', commitOf({ expected: 1, steps: [{ winner: `${i}` }] })),
    )
    const results = await Promise.all(racing)
    expect(results.filter(({ outcome }) => outcome === 'committed')).toEqual([{ outcome: 'committed', version: 2 }])
    const winner = results.findIndex(({ outcome }) => outcome === 'committed')
    expect((await kv().docs.read('r'))?.fields).toEqual({ a: '1', winner: `${winner}` })
  })

  it('forgets a document after its time, which a commit without steps renews', async () => {
    await kv().docs.commit('short', commitOf({ ttlMs: 300 }))
    await kv().docs.commit('renewed', commitOf({ ttlMs: 300 }))
    const renewal = commitOf({ expected: 1, steps: [], ttlMs: 5000 })
    expect(await kv().docs.commit('renewed', renewal)).toEqual({ outcome: 'committed', version: 1 })
    await sleep(350)
    expect(await kv().docs.read('short')).toBeNull()
    expect(await kv().docs.since('short', 'e1', 0)).toBeNull()
    expect((await kv().docs.read('renewed'))?.version).toBe(1)
    expect(await kv().docs.commit('short', commitOf({ epoch: 'e2' }))).toEqual({ outcome: 'committed', version: 1 })
    expect(await kv().docs.since('short', 'e2', 0)).toEqual({ version: 1, fields: { a: '1' } })
  })

  it('removes a document only at the version that was expected', async () => {
    await kv().docs.commit('r', commitOf({}))
    expect(await kv().docs.remove('r', { epoch: 'e1', version: 2 }, [])).toBe(false)
    expect(await kv().docs.remove('r', { epoch: 'e2', version: 1 }, [])).toBe(false)
    expect(await kv().docs.remove('r', { epoch: 'e1', version: 1 }, [])).toBe(true)
    expect(await kv().docs.remove('r', { epoch: 'e1', version: 1 }, [])).toBe(false)
    expect(await kv().docs.read('r')).toBeNull()
  })
}

function repeats(kv: () => Kv): void {
  it('repeats the answer of a repeated commit, not its effect', async () => {
    const first = commitOf({ steps: [{ n: '1' }, { n: '2' }] })
    expect(await kv().docs.commit('r', first)).toEqual({ outcome: 'committed', version: 2 })
    await kv().docs.commit('r', commitOf({ expected: 2, steps: [{ n: '3' }] }))
    expect(await kv().docs.commit('r', first)).toEqual({ outcome: 'committed', version: 2 })
    expect(await kv().docs.read('r')).toMatchObject({ version: 3, fields: { n: '3' } })
  })

  it('recognises the latest 16 commits', async () => {
    const all = Array.from({ length: 18 }, (_, expected) => commitOf({ expected }))
    for (const commit of all) await kv().docs.commit('r', commit)
    const outcomes = await Promise.all(all.map((commit) => kv().docs.commit('r', commit)))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...Array(2).fill('conflict'),
      ...Array(16).fill('committed'),
    ])
  })

  it('applies a commit once that is sent ten times at once', async () => {
    const commit = commitOf({})
    const results = await Promise.all(Array.from({ length: 10 }, () => kv().docs.commit('r', commit)))
    expect(results).toEqual(Array(10).fill({ outcome: 'committed', version: 1 }))
  })

  it('refuses commits that make no sense', async () => {
    for (const wrong of [
      { steps: [] },
      { expected: -1 },
      { ttlMs: 0 },
      { commitId: 'a b' },
      { commitId: '' },
      { epoch: '' },
    ])
      await expect(kv().docs.commit('r', commitOf(wrong))).rejects.toThrow(RangeError)
  })
}

function changes(kv: () => Kv): void {
  it('tells what changed since a version', async () => {
    await kv().docs.commit('r', commitOf({ steps: [{ a: '1' }, { b: '1' }, { c: '1' }] }))
    await kv().docs.commit('r', commitOf({ expected: 3, steps: [{ a: '2' }, { b: null, never: null }] }))
    expect(await kv().docs.since('r', 'e1', 2)).toEqual({ version: 5, fields: { a: '2', b: null, c: '1' } })
    expect(await kv().docs.since('r', 'e1', 4)).toEqual({ version: 5, fields: { b: null } })
    expect(await kv().docs.since('r', 'e1', 5)).toEqual({ version: 5, fields: {} })
    expect(await kv().docs.since('r', 'e2', 4)).toBeNull()
    expect(await kv().docs.since('r', 'e1', 6)).toBeNull()
    expect(await kv().docs.since('none', 'e1', 0)).toBeNull()
  })

  it('remembers 4,096 removals and says null before them', async () => {
    const names = Array.from({ length: 4100 }, (_, i) => `f${i}`)
    await kv().docs.commit('r', commitOf({ steps: [Object.fromEntries(names.map((name) => [name, '']))] }))
    const steps = [names.slice(0, 3), names.slice(3, 5), names.slice(5)].map((some) =>
      Object.fromEntries(some.map((name) => [name, null])),
    )
    await kv().docs.commit('r', commitOf({ expected: 1, steps }))
    expect(await kv().docs.since('r', 'e1', 1)).toBeNull()
    const delta = await kv().docs.since('r', 'e1', 3)
    expect(Object.keys(delta?.fields ?? {})).toHaveLength(4095)
    expect(delta?.version).toBe(4)
  })

  it('tells the difference between any two versions of a random history', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`random history with seed ${seed}`)
    await randomHistory(kv().docs, seed)
  })
}
