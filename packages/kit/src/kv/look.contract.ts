import { expect, it } from 'vitest'
import { commit, committed, headOf, restorationOf } from './documents.fixture.ts'
import type { Kv } from './kv.ts'

/** The answer of a look at a document to a caller who knows some head of it. */
export function lookContract(kv: () => Kv): void {
  heads(kv)
  others(kv)
}

function heads(kv: () => Kv): void {
  it('C1 tells the incarnation when there is no document', async () => {
    const incarnation = await kv().incarnation()
    for (const known of [null, { epoch: 'e1', version: 3, commitId: 'c' }])
      expect(await kv().docs.look('r', known)).toMatchObject({ found: 'none', incarnation: { id: incarnation.id } })
  })

  it('says the same to who knows the head, and the whole document to who knows nothing', async () => {
    const head = await committed(kv(), 'r')
    expect(await kv().docs.look('r', head)).toEqual({ found: 'same' })
    const doc = await kv().docs.read('r')
    expect(await kv().docs.look('r', null)).toEqual({ found: 'other', doc })
  })

  it('tells the changes since any of the latest 16 commits, and the whole document before', async () => {
    const known = [
      await committed(kv(), 'r', {
        steps: [
          { n: '0', a: '1' },
          { a: null, b: '' },
        ],
      }),
    ]
    for (let i = 1; i < 17; i += 1)
      known.push(await committed(kv(), 'r', { follows: known.at(-1) ?? null, steps: [{ n: `${i}` }] }))
    const head = known.at(-1)
    expect(await kv().docs.look('r', known[0] ?? null)).toMatchObject({ found: 'other', doc: { head } })
    const commits = known
      .slice(1)
      .map(({ commitId, version }) => ({ commitId, version }))
      .toReversed()
    for (const one of known.slice(1, -1))
      expect(await kv().docs.look('r', one)).toEqual({ found: 'changes', head, fields: { n: '16' }, commits })
  })

  it('tells what was removed, too', async () => {
    const first = await committed(kv(), 'r', { steps: [{ a: '1', b: '1' }] })
    const head = await committed(kv(), 'r', { follows: first, steps: [{ a: null }, { 'é x': 'ü' }] })
    const fields = { a: null, 'é x': 'ü' }
    expect(await kv().docs.look('r', first)).toMatchObject({ found: 'changes', head, fields })
  })
}

function others(kv: () => Kv): void {
  it('C4 gives the whole document to who is ahead, on a branch, within a commit, or in another epoch', async () => {
    const first = await committed(kv(), 'r')
    const head = await committed(kv(), 'r', { follows: first, steps: [{ a: '2' }, { a: '3' }] })
    const doc = await kv().docs.read('r')
    for (const other of [
      { version: 4 },
      { commitId: 'a-branch' },
      { version: 2 },
      { version: 1 },
      { epoch: 'e2' },
      { ...first, commitId: 'a-branch' },
      { ...first, epoch: 'e2' },
    ])
      expect(await kv().docs.look('r', { ...head, ...other })).toEqual({ found: 'other', doc })
  })

  it('tells the changes since a restoration to who knows just what was restored', async () => {
    const first = await committed(kv(), 'r', { steps: [{ a: '1', b: '1' }] })
    const second = await committed(kv(), 'r', { follows: first, steps: [{ a: '2' }] })
    const fields = { a: '2', b: '1' }
    const restored = headOf(await kv().docs.restore('r', restorationOf(second, { fields })))
    expect(await kv().docs.look('r', second)).toMatchObject({ found: 'changes', head: restored, fields: {} })
    const head = await committed(kv(), 'r', { follows: restored, steps: [{ b: null, c: '1' }] })
    expect(await kv().docs.look('r', second)).toMatchObject({ found: 'changes', head, fields: { b: null, c: '1' } })
    expect(await kv().docs.look('r', restored)).toMatchObject({ found: 'changes', head, fields: { b: null, c: '1' } })
    const doc = await kv().docs.read('r')
    for (const known of [first, { ...second, commitId: 'other' }, { ...second, epoch: 'e2' }])
      expect(await kv().docs.look('r', known)).toEqual({ found: 'other', doc })
  })

  it('adopts a restoration of what is known, whatever it replaced', async () => {
    const branch = await committed(kv(), 'r', { steps: [{ a: 'branch' }, {}, {}] })
    const origin = { epoch: 'e0', version: 2, commitId: 'mine' }
    const restored = restorationOf(origin, { replaces: branch, fields: { a: 'mine' } })
    const head = headOf(await kv().docs.restore('r', restored))
    expect(head.version).toBe(4)
    expect(await kv().docs.look('r', origin)).toMatchObject({ found: 'changes', head, fields: {} })
    expect(await kv().docs.look('r', branch)).toMatchObject({ found: 'other', doc: { fields: { a: 'mine' } } })
    await commit(kv(), 'r', { follows: head, steps: [{ a: 'next' }] })
    expect(await kv().docs.look('r', origin)).toMatchObject({ found: 'changes', fields: { a: 'next' } })
  })
}
