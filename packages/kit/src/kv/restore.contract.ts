import { expect, it } from 'vitest'
import { commit, committed, headOf, restorationOf } from './documents.fixture.ts'
import type { Kv } from './kv.ts'

/** The contract of every restoration. */
export function restoreContract(kv: () => Kv): void {
  puts(kv)
  refusals(kv)
}

function puts(kv: () => Kv): void {
  it('C17 restores a lost document under a new epoch, with versions that go on', async () => {
    const origin = { epoch: 'e1', version: 7, commitId: 'lost' }
    const restoration = restorationOf(origin, { replaces: null, fields: { a: '1', b: '' }, commitId: 'back' })
    const head = { epoch: 'e2', version: 8, commitId: 'back' }
    expect(await kv().docs.restore('r', restoration)).toEqual({ outcome: 'committed', head })
    const commits = [{ version: 8, commitId: 'back' }]
    expect(await kv().docs.read('r')).toEqual({ head, fields: { a: '1', b: '' }, base: 8, origin, commits })
    const next = await committed(kv(), 'r', { follows: head, steps: [{ b: null }] })
    expect(next).toMatchObject({ epoch: 'e2', version: 9 })
    expect(await kv().docs.read('r')).toMatchObject({ fields: { a: '1' }, base: 8, origin })
    expect(await kv().docs.since('r', 'e2', 8)).toEqual({ version: 9, fields: { b: null } })
    expect(await kv().docs.since('r', 'e2', 7)).toBeNull()
  })

  it('replaces a document whole: nothing of its fields, changes and commits stays', async () => {
    const first = await committed(kv(), 'r', { steps: [{ a: '1', gone: '1' }, { gone: null }, { other: '1' }] })
    const restoration = restorationOf(first, { fields: { a: '1' } })
    const head = headOf(await kv().docs.restore('r', restoration))
    expect(await kv().docs.read('r')).toMatchObject({ fields: { a: '1' }, commits: [{ version: 4 }] })
    expect(await kv().docs.since('r', 'e2', 4)).toEqual({ version: 4, fields: {} })
    await commit(kv(), 'r', { follows: head, steps: [{ other: null, a: '2' }] })
    expect(await kv().docs.since('r', 'e2', 4)).toEqual({ version: 5, fields: { a: '2' } })
  })

  it('restores a document of many fields', async () => {
    const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, `${i}`]))
    await kv().docs.restore('r', restorationOf({ epoch: 'e1', version: 7, commitId: 'c' }, { replaces: null, fields }))
    expect((await kv().docs.read('r'))?.fields).toEqual(fields)
  })

  it('repeats the answer of a repeated restoration, not its effect', async () => {
    const restoration = restorationOf({ epoch: 'e1', version: 7, commitId: 'c' }, { replaces: null })
    const answer = await kv().docs.restore('r', restoration)
    const latest = await committed(kv(), 'r', { follows: headOf(answer), steps: [{ a: '2' }] })
    expect(await kv().docs.restore('r', restoration)).toEqual(answer)
    expect(await kv().docs.read('r')).toMatchObject({ head: latest, fields: { a: '2' } })
  })
}

function refusals(kv: () => Kv): void {
  it('C4 refuses to restore in the place of anything but the head that it names', async () => {
    const lost = { epoch: 'e0', version: 7, commitId: 'lost' }
    const head = await committed(kv(), 'r')
    const conflict = { outcome: 'conflict', head }
    expect(await kv().docs.restore('r', restorationOf(lost, { replaces: null }))).toEqual(conflict)
    for (const other of [{ version: 2 }, { epoch: 'e9' }, { commitId: 'a-branch' }])
      expect(await kv().docs.restore('r', restorationOf(lost, { replaces: { ...head, ...other } }))).toEqual(conflict)
    expect(await kv().docs.restore('gone', restorationOf(lost))).toEqual({ outcome: 'conflict', head: null })
    expect(await kv().docs.read('r')).toMatchObject({ head, fields: { a: '1' } })
  })

  it('restores one of 20 that put back at once', async () => {
    const lost = { epoch: 'e0', version: 7, commitId: 'lost' }
    const restorations = Array.from({ length: 20 }, (_, i) =>
      restorationOf(lost, { replaces: null, epoch: `n${i}`, fields: { winner: `${i}` } }),
    )
    const results = await Promise.all(restorations.map((one) => kv().docs.restore('r', one)))
    const winners = results.flatMap(({ outcome }, at) => (outcome === 'committed' ? [at] : []))
    expect(winners).toHaveLength(1)
    const doc = await kv().docs.read('r')
    expect(doc?.fields).toEqual({ winner: `${winners[0]}` })
    for (const { head } of results) expect(head).toEqual(doc?.head)
  })

  it('C4 refuses a commit that follows what a restoration replaced', async () => {
    const first = await committed(kv(), 'r')
    const head = headOf(await kv().docs.restore('r', restorationOf(first)))
    expect(await commit(kv(), 'r', { follows: first })).toEqual({ outcome: 'conflict', head })
    expect(await commit(kv(), 'r', { follows: { ...first, epoch: 'e2' } })).toEqual({ outcome: 'conflict', head })
  })
}
