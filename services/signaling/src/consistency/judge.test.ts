import type { Doc, DocHead, Look } from '@parley/kit'
import { describe, expect, it } from 'vitest'
import { evaluate, pastWith } from '../room/catch-up.ts'
import { relationOf, type HeadNews } from '../room/news.ts'
import { emptyRoom, pastOf, type RoomState } from '../room/state.ts'
import { aSeat } from '../testing/live-rooms.ts'

/** A room at the last of these commits, the oldest first; each is one version. */
const roomAt = (epoch: string, ids: readonly string[], first = 1): RoomState => ({
  ...emptyRoom('m', epoch),
  v: first + ids.length - 1,
  incarnation: 'i1',
  commits: ids.map((commitId, n) => ({ version: first + n, commitId })).toReversed(),
})
const headAt = (epoch: string, version: number, commitId: string): DocHead => ({ epoch, version, commitId })
const docAt = (
  epoch: string,
  ids: readonly string[],
  { first = 1, origin = null }: { first?: number; origin?: DocHead | null } = {},
): Doc => {
  const { commits, v } = roomAt(epoch, ids, first)
  return {
    head: headAt(epoch, v, ids.at(-1) ?? ''),
    fields: { incarnation: 'i1' },
    base: origin ? first : 0,
    origin,
    commits,
  }
}
const other = (doc: Doc): Look => ({ found: 'other', doc })
const known = roomAt('e', ['a', 'b', 'c'])

describe('which history of a room stays (C4, C17)', () => {
  it('C1 a room that is not in the store any more begins a new epoch with what is known', () => {
    const look: Look = { found: 'none', incarnation: { id: 'i2', ageMs: 0, now: 0 } }
    expect(evaluate(known, look)).toMatchObject({ state: known, found: 'nothing-new', begins: true, replaces: null })
  })

  it('C4 a store that went back to an ancestor is brought back, above all versions seen', () => {
    const verdict = evaluate(known, other(docAt('e', ['a', 'b'])))
    expect(verdict).toMatchObject({ state: known, found: 'nothing-new', begins: true, highest: 3 })
    expect(verdict.replaces).toEqual(headAt('e', 2, 'b'))
  })

  it('C4 a node that skipped commits knows them for ancestors', () => {
    const { commits } = roomAt('e', ['a', 'b', 'c', 'd', 'f', 'g'])
    const head = headAt('e', 6, 'g')
    const { state } = evaluate(roomAt('e', ['a']), { found: 'changes', head, fields: {}, commits })
    expect(evaluate(state, other(docAt('e', ['a', 'b', 'c', 'd'])))).toMatchObject({ state, begins: true })
    expect(evaluate(state, other(docAt('e', ['a', 'b', 'x', 'y'])))).toMatchObject({ found: 'other-state' })
  })

  it('C8 a room begins anew when a participant of the discarded history is not in the one that stays, so meetings hears who is there', () => {
    const doc = docAt('f', ['x', 'y'], { first: 4, origin: headAt('e', 2, 'b') })
    const withAnn = { ...known, seats: new Map([['ann', aSeat('ann')]]) }
    expect(evaluate(known, other(doc))).toMatchObject({ found: 'other-state', begins: false })
    expect(evaluate(withAnn, other(doc))).toMatchObject({ found: 'other-state', begins: true, highest: 5 })
    const there = { seat: { 'p:ann': aSeat('ann') }, parked: { 'd:ann': aSeat('ann') }, left: { 'g:ann': { at: 1 } } }
    for (const field of Object.values(there)) {
      const [[name, value] = ['', {}]] = Object.entries(field)
      const knows = { ...doc, fields: { ...doc.fields, [name]: JSON.stringify(value) } }
      expect(evaluate(withAnn, other(knows)), name).toMatchObject({ found: 'other-state', begins: false })
    }
  })

  it('C4 a lagging branch does not win: the version that others have continued stays, under a new epoch', () => {
    const longer = evaluate(known, other(docAt('e', ['a', 'b', 'x', 'y'])))
    expect(longer).toMatchObject({ found: 'other-state', begins: true, highest: 4, state: { v: 4 } })
    const same = evaluate(known, other(docAt('e', ['a', 'b', 'x'])))
    expect(same).toMatchObject({ found: 'other-state', begins: true, highest: 3, state: { v: 3 } })
    const shorter = evaluate(known, other(docAt('e', ['a', 'x'])))
    expect(shorter).toMatchObject({ found: 'other-state', begins: true, highest: 3, state: { v: 2 } })
  })

  it('C4 another epoch whose version is not higher begins anew, for some may have seen that number already', () => {
    const origin = headAt('o', 1, 'z')
    expect(evaluate(known, other(docAt('f', ['r'], { first: 3, origin })))).toMatchObject({
      found: 'other-state',
      begins: true,
      highest: 3,
    })
    expect(evaluate(known, other(docAt('f', ['r'], { first: 4, origin })))).toMatchObject({
      found: 'other-state',
      begins: false,
    })
  })

  it('C4 a room restored from an ancestor, unchanged since, is brought up to the known state', () => {
    const restored = docAt('f', ['r'], { first: 3, origin: headAt('e', 2, 'b') })
    expect(evaluate(known, other(restored))).toMatchObject({ state: known, begins: true, highest: 3 })
    const goneOn = docAt('f', ['r', 's'], { first: 3, origin: headAt('e', 2, 'b') })
    expect(evaluate(known, other(goneOn))).toMatchObject({ found: 'other-state', begins: false })
  })

  it('C4 a store that goes back twice, the second time behind its restoration, is brought back again', () => {
    const restored = { ...roomAt('f', ['r', 's'], 4), past: pastOf(known) }
    expect(evaluate(restored, other(docAt('e', ['a', 'b'])))).toMatchObject({
      state: restored,
      begins: true,
      highest: 5,
    })
    expect(evaluate(restored, other(docAt('e', ['a', 'x'])))).toMatchObject({ found: 'other-state' })
    const again = { ...roomAt('g', ['t'], 6), past: pastOf(restored) }
    expect(evaluate(again, other(docAt('e', ['a'])))).toMatchObject({ state: again, begins: true })
    const byAnother = docAt('h', ['u'], { first: 4, origin: headAt('e', 3, 'c') })
    expect(evaluate(again, other(byAnother))).toMatchObject({ state: again, begins: true })
  })

  it('C4 a replaced document that was behind is recognised when somebody restores it once more', () => {
    const behind = docAt('f', ['r'], { first: 3, origin: headAt('e', 2, 'b') })
    const restored = { ...roomAt('g', ['s'], 4), past: pastWith(evaluate(known, other(behind))) }
    const again = docAt('h', ['t'], { first: 4, origin: headAt('f', 3, 'r') })
    expect(evaluate(restored, other(again))).toMatchObject({ state: restored, begins: true })
  })

  it('C4 a node that reads a restored room knows what it was restored from', () => {
    const { state } = evaluate(known, other(docAt('f', ['r'], { first: 4, origin: headAt('e', 3, 'c') })))
    expect(evaluate(state, other(docAt('e', ['a', 'b'])))).toMatchObject({ state, begins: true })
    const stranger = evaluate(emptyRoom('m', 'n'), other(docAt('f', ['r'], { first: 4, origin: headAt('e', 3, 'c') })))
    expect(evaluate(stranger.state, other(docAt('e', ['a', 'b', 'c'])))).toMatchObject({
      found: 'nothing-new',
      begins: true,
    })
  })

  it('C1 a room restored from the known state has the same contents, and may have gone on', () => {
    const restored = docAt('f', ['r', 's'], { first: 4, origin: headAt('e', 3, 'c') })
    expect(evaluate(known, other(restored))).toMatchObject({
      found: 'changes',
      begins: false,
      state: { epoch: 'f', v: 5 },
    })
  })

  it('C4 progress that is too far back to be told apart is taken as progress', () => {
    expect(evaluate(known, other(docAt('e', ['p', 'q'], { first: 9 })))).toMatchObject({
      found: 'changes',
      begins: false,
    })
  })

  it('C2 a node that knows nothing takes what is there', () => {
    expect(evaluate(emptyRoom('m', 'n'), other(docAt('e', ['a'])))).toMatchObject({
      found: 'other-state',
      begins: false,
    })
  })
})

describe('how a node judges a commit that it hears of (C4)', () => {
  const commit = (follows: DocHead, commitId: string): HeadNews => ({
    kind: 'commit',
    node: 'n2',
    follows,
    commitId,
    changes: [{ kind: 'noted', seq: 0 }],
  })
  const headNews = (head: DocHead, from?: DocHead): HeadNews => ({
    kind: 'head',
    node: 'n2',
    head,
    ...(from && { restored: { from, incarnation: 'i2' } }),
  })
  it.each<[string, HeadNews, ReturnType<typeof relationOf>]>([
    ['the commit that follows', commit(headAt('e', 3, 'c'), 'd'), 'next'],
    ['a commit of before', commit(headAt('e', 1, 'a'), 'b'), 'known'],
    ['a commit of the same number with another id', commit(headAt('e', 2, 'b'), 'x'), 'unknown'],
    ['a commit that follows another one of the same number', commit(headAt('e', 3, 'x'), 'y'), 'unknown'],
    ['a commit of another epoch', commit(headAt('f', 3, 'c'), 'd'), 'unknown'],
    ['a commit that skips one', commit(headAt('e', 4, 'd'), 'e'), 'unknown'],
    ['the head', headNews(headAt('e', 3, 'c')), 'known'],
    ['a head of before', headNews(headAt('e', 2, 'b')), 'known'],
    ['a head further on', headNews(headAt('e', 4, 'd')), 'unknown'],
    ['another head of the same number', headNews(headAt('e', 3, 'x')), 'unknown'],
    ['a restoration of the head', headNews(headAt('f', 4, 'r'), headAt('e', 3, 'c')), 'restored'],
    ['a restoration of something else', headNews(headAt('f', 4, 'r'), headAt('e', 3, 'x')), 'unknown'],
  ])('%s', (_what, news, relation) => expect(relationOf(news, known)).toBe(relation))
})
