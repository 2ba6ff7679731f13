import { describe, expect, test } from 'vitest'
import { lingerMs, nextActivation, publishAheadMs, publishedKeys, signingKey } from './schedule.ts'

const day = 24 * 3600_000
const first = { kid: 'first', activatesAt: 0, retiresAt: null }

describe('A10 rotation of keys', () => {
  test('the first key signs at once', () => {
    expect(nextActivation([], 5, 30 * day)).toBe(5)
  })
  test('the next one is made 10 minutes before it signs', () => {
    const due = 30 * day - publishAheadMs
    expect(nextActivation([first], due - 1, 30 * day)).toBeNull()
    expect(nextActivation([first], due, 30 * day)).toBe(30 * day)
  })
  test('an overdue one is published first all the same', () => {
    expect(nextActivation([first], 90 * day, 30 * day)).toBe(90 * day + publishAheadMs)
  })
  test('the newest active key signs; a clock that is behind takes the first', () => {
    const keys = [{ kid: 'second', activatesAt: 100, retiresAt: null }, first]
    expect([-1, 99, 100].map((now) => signingKey(keys, now)?.kid)).toEqual(['first', 'first', 'second'])
    expect(signingKey([], 0)).toBeUndefined()
  })
  test('a key is published until it retires', () => {
    const old = { ...first, retiresAt: 100 + lingerMs }
    expect(publishedKeys([old], 99 + lingerMs)).toEqual([old])
    expect(publishedKeys([old], 100 + lingerMs)).toEqual([])
  })
})
