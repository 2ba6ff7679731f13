import { isProblem } from '@parley/kit'
import { expect, test } from 'vitest'
import { createFairRate } from './fair-rate.ts'

/** One whose intervals, of a second each, the test ends. */
function fairRate() {
  let ms = 0
  const rate = createFairRate({ RATE_LIMITS: 'on' }, { now: () => ms })
  rate.stop()
  /** How many of so many requests, spread over a second, are let through. */
  const second = (asking: Readonly<Record<string, number>>, lagMs: number): Record<string, number> => {
    const through: Record<string, number> = {}
    for (let part = 0; part < 10; part += 1) {
      ms += 100
      for (const [address, count] of Object.entries(asking)) {
        const until = Math.floor((count * (part + 1)) / 10) - Math.floor((count * part) / 10)
        for (let n = 0; n < until; n += 1) through[address] = (through[address] ?? 0) + (passes(address) ? 1 : 0)
      }
    }
    rate.evaluate({ lagMs, seconds: 1 })
    return through
  }
  function passes(address: string): boolean {
    try {
      rate.takeOrThrow(address)
      return true
    } catch (error) {
      if (!isProblem(error, 'rate-limited')) throw error
      expect(error.toProblem().retryAfterMs).toBeGreaterThan(0)
      return false
    }
  }
  return { rate, second }
}

const attackers = Array.from({ length: 6 }, (_, n) => [`10.6.6.${n + 1}`, 50] as const)
const crowd = { ...Object.fromEntries(attackers), '10.0.0.1': 2 }

test('X34 nobody is refused while the product keeps up, however much one address asks', () => {
  const { second } = fairRate()
  for (let n = 0; n < 5; n += 1) expect(second({ ...crowd, '10.6.6.9': 500 }, 1)).toEqual({ ...crowd, '10.6.6.9': 500 })
})

test('X34 while it is slow those who ask most are held back, and those who ask little are not', () => {
  const { second } = fairRate()
  for (let n = 0; n < 8; n += 1) expect(second(crowd, 100)['10.0.0.1']).toBe(2)
  const held = second(crowd, 100)
  expect(held['10.0.0.1']).toBe(2)
  for (const [address] of attackers) expect(held[address]).toBeLessThan(17)
})

test('X34 one slow interval is none, and quick answers of services are no sign of one', () => {
  const { rate, second } = fairRate()
  for (let n = 0; n < 6; n += 1) {
    for (const ms of [5, 5, 5, 900, 900, 900, 900, 900, 900]) rate.answered(ms)
    expect(second(crowd, n % 2 === 0 ? 100 : 1)).toEqual(crowd)
  }
})

test('X34 slow answers of all services hold them back too', () => {
  const { rate, second } = fairRate()
  for (let n = 0; n < 9; n += 1) {
    for (let answer = 0; answer < 10; answer += 1) rate.answered(900)
    second(crowd, 1)
  }
  expect(second(crowd, 1)['10.6.6.1']).toBeLessThan(17)
})

test('X34 a few eager addresses are never held back: a class beside a guesser is as fast as the product is', () => {
  const { second } = fairRate()
  const few = { '10.30.0.1': 300, '10.30.0.2': 200, '10.0.0.1': 2 }
  for (let n = 0; n < 8; n += 1) expect(second(few, 100)).toEqual(few)
})

test('X34 an address that asks a lot is not held back for long once the others have stopped', () => {
  const { second } = fairRate()
  for (let n = 0; n < 8; n += 1) second(crowd, 100)
  const one = { '10.6.6.1': 50 }
  for (let n = 0; n < 40; n += 1) second(one, 100)
  expect(second(one, 100)).toEqual(one)
})

test('X34 once nobody had to be held back for a while, nobody is', () => {
  const { second } = fairRate()
  for (let n = 0; n < 8; n += 1) second(crowd, 100)
  for (let n = 0; n < 12; n += 1) second({ '10.0.0.1': 2, '10.0.0.2': 2 }, 1)
  expect(second(crowd, 1)).toEqual(crowd)
})
