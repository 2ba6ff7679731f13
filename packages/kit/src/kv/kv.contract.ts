import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { documentsContract } from './documents.contract.ts'
import { factsContract } from './facts.contract.ts'
import type { Kv } from './kv.ts'

/** The contract of every store. `open` makes an empty one; the suite closes it. */
export function kvContract(name: string, open: () => Promise<Kv>): void {
  describe(name, () => {
    let kv: Kv
    beforeEach(async () => void (kv = await open()))
    afterEach(() => kv.close())
    values(() => kv)
    sets(() => kv)
    lives(() => kv)
    limits(() => kv)
    documentsContract(() => kv)
    factsContract(() => kv)
  })
}

function values(kv: () => Kv): void {
  it('keeps a value for its time', async () => {
    await kv().set('k', 'é', 200)
    await kv().set('long', '', 60_000)
    expect(await kv().get('k')).toBe('é')
    expect(await kv().get('none')).toBeNull()
    await sleep(250)
    expect(await kv().get('k')).toBeNull()
    expect(await kv().take('k')).toBeNull()
    expect(await kv().get('long')).toBe('')
  })

  it('sets only what is absent', async () => {
    expect(await kv().setIfAbsent('k', '1', 150)).toBe(true)
    expect(await kv().setIfAbsent('k', '2', 150)).toBe(false)
    expect(await kv().get('k')).toBe('1')
    await sleep(200)
    expect(await kv().setIfAbsent('k', '3', 150)).toBe(true)
  })

  it('gives a value to one of many who take it', async () => {
    await kv().set('token', 'v', 5000)
    const taken = await Promise.all(Array.from({ length: 20 }, () => kv().take('token')))
    expect(taken.filter((value) => value !== null)).toEqual(['v'])
  })

  it('deletes', async () => {
    await kv().set('k', 'v', 5000)
    expect(await kv().delete('k')).toBe(true)
    expect(await kv().delete('k')).toBe(false)
  })

  it('refuses a time to live that is none', async () => {
    for (const ttl of [0, -1, 1.5, Number.NaN]) await expect(kv().set('k', 'v', ttl)).rejects.toThrow(RangeError)
  })
}

function sets(kv: () => Kv): void {
  it('lists the members whose time has not run out, and those whose has', async () => {
    await kv().announce('nodes', 'a', 200)
    await kv().announce('nodes', 'b', 5000)
    await kv().announce('nodes', 'c', 200)
    expect((await kv().alive('nodes')).sort()).toEqual(['a', 'b', 'c'])
    expect(await kv().expired('nodes')).toEqual([])
    await kv().announce('nodes', 'c', 5000)
    await sleep(250)
    expect((await kv().alive('nodes')).sort()).toEqual(['b', 'c'])
    expect(await kv().expired('nodes')).toEqual(['a'])
    await kv().withdraw('nodes', 'a')
    await kv().withdraw('nodes', 'b')
    expect(await kv().expired('nodes')).toEqual([])
    expect(await kv().alive('nodes')).toEqual(['c'])
    expect(await kv().alive('others')).toEqual([])
  })

  it('C13 announces many members, or none', async () => {
    const members = Array.from({ length: 2500 }, (_, i) => `m${i}`)
    await kv().announce('many', members, 5000)
    await kv().announce('many', [], 5000)
    expect((await kv().alive('many')).sort()).toEqual(members.sort())
    await kv().announce('nobody', [], 5000)
    expect(await kv().alive('nobody')).toEqual([])
  })
}

function lives(kv: () => Kv): void {
  it('is in one incarnation for everybody who asks, which grows older', async () => {
    const first = await kv().incarnation()
    await sleep(20)
    const second = await kv().incarnation()
    expect(second.id).toBe(first.id)
    expect(second.ageMs).toBeGreaterThan(first.ageMs)
    // Of two clocks that are read one after the other, each in whole milliseconds.
    expect(Math.abs(second.now - first.now - (second.ageMs - first.ageMs))).toBeLessThanOrEqual(2)
    expect((await kv().docs.look('none', null)) as unknown).toMatchObject({ incarnation: { id: first.id } })
  })
}

function limits(kv: () => Kv): void {
  it('takes points until there are none, and has them again after the window', async () => {
    const limiter = kv().limiter({ name: 'sign-in', points: 3, seconds: 1 })
    expect(await limiter.take('ann')).toEqual({ allowed: true, remaining: 2, retryAfterMs: 0 })
    expect(await limiter.take('ann', 2)).toEqual({ allowed: true, remaining: 0, retryAfterMs: 0 })
    const refused = await limiter.take('ann')
    expect(refused).toMatchObject({ allowed: false, remaining: 0 })
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1000)
    expect((await limiter.take('bob')).allowed).toBe(true)
    await eventually(async () => expect((await limiter.take('ann', 0)).remaining).toBe(3), 2500)
  })

  it('X29 counts different values, each once and for its time, and takes them back', async () => {
    const guesses = kv().distinct({ name: 'guesses', points: 2, seconds: 1 })
    expect(await guesses.add('ann', 'one')).toEqual({ allowed: true, count: 1, retryAfterMs: 0 })
    expect(await guesses.add('ann', 'one')).toEqual({ allowed: true, count: 1, retryAfterMs: 0 })
    expect(await guesses.add('ann', 'two')).toMatchObject({ allowed: true, count: 2 })
    const refused = await guesses.add('ann', 'three')
    expect(refused).toMatchObject({ allowed: false, count: 2 })
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1000)
    // A known value does not get through a full count either: that would tell who guesses that it is known.
    expect((await guesses.add('ann', 'one')).allowed).toBe(false)
    expect(await guesses.look('ann')).toMatchObject({ allowed: false, count: 2, values: ['one', 'two'] })
    expect(await guesses.look('ann', 1)).toMatchObject({ allowed: true, count: 2, retryAfterMs: 0 })
    expect(await guesses.add('ann', 'three', 1)).toMatchObject({ allowed: true, count: 3 })
    expect((await guesses.add('ann', 'four', 1)).allowed).toBe(false)
    await guesses.remove('ann', ['three'])
    await guesses.remove('ann', ['one', 'never'])
    expect(await guesses.look('ann')).toEqual({ allowed: true, count: 1, retryAfterMs: 0, values: ['two'] })
    expect(await guesses.look('bob')).toEqual({ allowed: true, count: 0, retryAfterMs: 0, values: [] })
    await eventually(async () => expect((await guesses.look('ann')).count).toBe(0), 2500)
  })

  it('X29 many values at once are no more than there may be', async () => {
    const guesses = kv().distinct({ name: 'guesses', points: 10, seconds: 60 })
    const verdicts = await Promise.all(Array.from({ length: 50 }, (_, n) => guesses.add('crowd', `${n}`)))
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(10)
  })

  it('counts one name once, whoever asks for it', async () => {
    const options = { name: 'shared', points: 1, seconds: 10 }
    expect((await kv().limiter(options).take('k')).allowed).toBe(true)
    expect((await kv().limiter(options).take('k')).allowed).toBe(false)
    expect(
      (
        await kv()
          .limiter({ ...options, name: 'other' })
          .take('k')
      ).allowed,
    ).toBe(true)
  })
}
