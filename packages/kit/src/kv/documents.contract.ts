import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { commit, commitOf, committed, restorationOf } from './documents.fixture.ts'
import { randomHistory } from './documents-history.ts'
import { lookContract } from './look.contract.ts'
import type { DocHead, Kv } from './kv.ts'
import { restoreContract } from './restore.contract.ts'

/** The contract of every versioned document. */
export function documentsContract(kv: () => Kv): void {
  commits(kv)
  ancestry(kv)
  lifetimes(kv)
  repeats(kv)
  changes(kv)
  restoreContract(kv)
  lookContract(kv)
}

function commits(kv: () => Kv): void {
  it('creates a document and adds one version per step', async () => {
    expect(await kv().docs.read('r')).toBeNull()
    const steps = [{ a: '1', 'é:x': 'ü' }, { b: '', a: null }, {}]
    const first = { epoch: 'e1', version: 3, commitId: 'c1' }
    expect(await commit(kv(), 'r', { steps, commitId: 'c1' })).toEqual({ outcome: 'committed', head: first })
    const commits = [{ version: 3, commitId: 'c1' }]
    const fields = { 'é:x': 'ü', b: '' }
    expect(await kv().docs.read('r')).toEqual({ head: first, fields, base: 0, origin: null, commits })
    const second = { epoch: 'e1', version: 4, commitId: 'c2' }
    expect(await commit(kv(), 'r', { follows: first, commitId: 'c2' })).toEqual({ outcome: 'committed', head: second })
    expect((await kv().docs.read('r'))?.commits).toEqual([{ version: 4, commitId: 'c2' }, ...commits])
  })

  it('commits one of 50 that were decided on the same version', async () => {
    const follows = await committed(kv(), 'r')
    const racing = Array.from({ length: 50 }, (_, i) => commit(kv(), 'r', { follows, steps: [{ winner: `${i}` }] }))
    const results = await Promise.all(racing)
    const winners = results.flatMap(({ outcome }, at) => (outcome === 'committed' ? [at] : []))
    expect(winners).toHaveLength(1)
    const doc = await kv().docs.read('r')
    expect(doc?.fields).toEqual({ a: '1', winner: `${winners[0]}` })
    for (const { head } of results) expect(head).toEqual(doc?.head)
  })
}

function ancestry(kv: () => Kv): void {
  it('C4 refuses a commit on another version, epoch or commit, and on a document that is gone', async () => {
    const head = await committed(kv(), 'r')
    const conflict = { outcome: 'conflict', head }
    expect(await commit(kv(), 'r')).toEqual(conflict)
    const others: Partial<DocHead>[] = [{ version: 2 }, { version: 0 }, { epoch: 'e2' }, { commitId: 'a-branch' }]
    for (const other of others) expect(await commit(kv(), 'r', { follows: { ...head, ...other } })).toEqual(conflict)
    expect(await commit(kv(), 'gone', { follows: head })).toEqual({ outcome: 'conflict', head: null })
    expect(await kv().docs.read('r')).toMatchObject({ head, fields: { a: '1' } })
    expect(await kv().docs.read('gone')).toBeNull()
  })

  it('C4 refuses a commit that follows an older commit, and one whose id begins like the latest', async () => {
    const first = await committed(kv(), 'r', { commitId: 'abc' })
    expect(await commit(kv(), 'r', { follows: { ...first, commitId: 'ab' } })).toEqual({
      outcome: 'conflict',
      head: first,
    })
    const second = await committed(kv(), 'r', { follows: first })
    expect(await commit(kv(), 'r', { follows: first })).toEqual({ outcome: 'conflict', head: second })
    expect(await commit(kv(), 'r', { follows: { ...second, commitId: first.commitId } })).toMatchObject({
      head: second,
    })
  })

  it('C1 creates nothing in another incarnation than the one in which there was no document', async () => {
    const refused = await commit(kv(), 'r', { incarnation: 'another', facts: ['never'] })
    expect(refused).toEqual({ outcome: 'conflict', head: null })
    expect(await kv().docs.read('r')).toBeNull()
    expect((await commit(kv(), 'r')).outcome).toBe('committed')
  })

  it('removes a document only at the head that was expected', async () => {
    const head = await committed(kv(), 'r')
    for (const other of [{ version: 2 }, { epoch: 'e2' }, { commitId: 'other' }])
      expect(await kv().docs.remove('r', { ...head, ...other }, [])).toBe(false)
    expect(await kv().docs.remove('r', head, [])).toBe(true)
    expect(await kv().docs.remove('r', head, [])).toBe(false)
    expect(await kv().docs.read('r')).toBeNull()
  })
}

function lifetimes(kv: () => Kv): void {
  it('forgets a document after its time, which is renewed at its head', async () => {
    const short = await committed(kv(), 'short', { ttlMs: 300 })
    const head = await committed(kv(), 'renewed', { ttlMs: 300 })
    expect(await kv().docs.renew('renewed', { ...head, commitId: 'other' }, 60_000)).toBe(false)
    expect(await kv().docs.renew('renewed', head, 5000)).toBe(true)
    await sleep(350)
    expect(await kv().docs.read('short')).toBeNull()
    expect(await kv().docs.since('short', 'e1', 0)).toBeNull()
    expect(await kv().docs.renew('short', short, 5000)).toBe(false)
    expect((await kv().docs.read('renewed'))?.head).toEqual(head)
    expect(await kv().docs.since('renewed', 'e1', 0)).toEqual({ version: 1, fields: { a: '1' } })
    expect(await committed(kv(), 'short', { epoch: 'e2' })).toMatchObject({ epoch: 'e2', version: 1 })
    expect(await kv().docs.since('short', 'e2', 0)).toEqual({ version: 1, fields: { a: '1' } })
  })

  it('refuses commits and restorations that make no sense', async () => {
    const head = { epoch: 'e1', version: 5, commitId: 'c' }
    for (const wrong of [
      { steps: [] },
      { ttlMs: 0 },
      { commitId: 'a b' },
      { commitId: '' },
      { epoch: '' },
      { follows: head, epoch: 'e2' },
    ])
      await expect(kv().docs.commit('r', commitOf({ incarnation: 'i', ...wrong }))).rejects.toThrow(RangeError)
    await expect(kv().docs.commit('r', commitOf())).rejects.toThrow(RangeError)
    for (const wrong of [
      { epoch: 'e1' },
      { epoch: '' },
      { version: 5 },
      { version: 5.5 },
      { ttlMs: -1 },
      { commitId: '' },
      { replaces: { ...head, version: 6 }, version: 6 },
      { replaces: { ...head, epoch: 'e2' }, epoch: 'e2' },
    ])
      await expect(kv().docs.restore('r', restorationOf(head, wrong))).rejects.toThrow(RangeError)
  })
}

function repeats(kv: () => Kv): void {
  it('repeats the answer of a repeated commit, not its effect', async () => {
    const first = commitOf({ steps: [{ n: '1' }, { n: '2' }], incarnation: (await kv().incarnation()).id })
    const answer = await kv().docs.commit('r', first)
    const head = { epoch: 'e1', version: 2, commitId: first.commitId }
    expect(answer).toEqual({ outcome: 'committed', head })
    const latest = await committed(kv(), 'r', { follows: head, steps: [{ n: '3' }] })
    expect(await kv().docs.commit('r', first)).toEqual(answer)
    expect(await kv().docs.read('r')).toMatchObject({ head: latest, fields: { n: '3' } })
  })

  it('recognises the latest 16 commits', async () => {
    const all = [commitOf({ incarnation: (await kv().incarnation()).id })]
    for (let i = 0; i < 18; i += 1) {
      const result = await kv().docs.commit('r', all.at(-1) ?? commitOf())
      if (i < 17) all.push(commitOf({ follows: result.head }))
    }
    const outcomes = await Promise.all(all.map((one) => kv().docs.commit('r', one)))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...Array(2).fill('conflict'),
      ...Array(16).fill('committed'),
    ])
    expect((await kv().docs.read('r'))?.commits).toHaveLength(16)
  })

  it('applies a commit once that is sent ten times at once', async () => {
    const same = { commitId: 'same' }
    const results = await Promise.all(Array.from({ length: 10 }, () => commit(kv(), 'r', same)))
    const head = { epoch: 'e1', version: 1, commitId: 'same' }
    expect(results).toEqual(Array(10).fill({ outcome: 'committed', head }))
  })
}

function changes(kv: () => Kv): void {
  it('tells what changed since a version', async () => {
    const follows = await committed(kv(), 'r', { steps: [{ a: '1' }, { b: '1' }, { c: '1' }] })
    await commit(kv(), 'r', { follows, steps: [{ a: '2' }, { b: null, never: null }] })
    expect(await kv().docs.since('r', 'e1', 2)).toEqual({ version: 5, fields: { a: '2', b: null, c: '1' } })
    expect(await kv().docs.since('r', 'e1', 4)).toEqual({ version: 5, fields: { b: null } })
    expect(await kv().docs.since('r', 'e1', 5)).toEqual({ version: 5, fields: {} })
    expect(await kv().docs.since('r', 'e2', 4)).toBeNull()
    expect(await kv().docs.since('r', 'e1', 6)).toBeNull()
    expect(await kv().docs.since('none', 'e1', 0)).toBeNull()
  })

  it('remembers 4,096 removals and says null before them', async () => {
    const names = Array.from({ length: 4100 }, (_, i) => `f${i}`)
    const head = await committed(kv(), 'r', { steps: [Object.fromEntries(names.map((name) => [name, '']))] })
    const steps = [names.slice(0, 3), names.slice(3, 5), names.slice(5)].map((some) =>
      Object.fromEntries(some.map((name) => [name, null])),
    )
    await commit(kv(), 'r', { follows: head, steps })
    expect(await kv().docs.since('r', 'e1', 1)).toBeNull()
    expect(await kv().docs.look('r', head)).toMatchObject({ found: 'other', doc: { fields: {} } })
    const delta = await kv().docs.since('r', 'e1', 3)
    expect(Object.keys(delta?.fields ?? {})).toHaveLength(4095)
    expect(delta?.version).toBe(4)
  })

  it('tells the difference between any two versions of a random history with restorations', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`random history with seed ${seed}`)
    await randomHistory(kv(), seed)
  })
}
