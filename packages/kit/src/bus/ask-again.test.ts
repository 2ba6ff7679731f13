import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { askAgain } from './ask-again.ts'

/** One of these each time that it is asked. */
const answers = (...given: (() => Promise<string>)[]) => {
  let asked = 0
  return { ask: () => given[asked++]?.() ?? Promise.reject(new Error('asked too often')), asked: () => asked }
}
const never = () => new Promise<string>(() => {})

describe('C5 T30 a request that is asked again while nobody answers', () => {
  it('gets the answer of the second responder though the first one stands still', async () => {
    const { ask, asked } = answers(never, () => Promise.resolve('second'))
    expect(await askAgain(ask, { everyMs: 5, most: 4 })).toBe('second')
    expect(asked()).toBe(2)
  })

  it('is asked once where the answer comes at once, be it a refusal', async () => {
    const taken = answers(() => Promise.resolve('first'))
    expect(await askAgain(taken.ask, { everyMs: 5, most: 4 })).toBe('first')
    const refused = answers(() => Promise.reject(new Error('no')))
    await expect(askAgain(refused.ask, { everyMs: 5, most: 4 })).rejects.toThrow('no')
    await sleep(20)
    expect([taken.asked(), refused.asked()]).toEqual([1, 1])
  })

  it('fails when all have failed, and is never asked more often than told', async () => {
    const late = (why: string) => () => sleep(60).then(() => Promise.reject(new Error(why)))
    const { ask, asked } = answers(late('one'), late('two'), late('three'))
    await expect(askAgain(ask, { everyMs: 5, most: 3 })).rejects.toThrow('three')
    expect(asked()).toBe(3)
  })
})
