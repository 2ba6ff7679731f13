import { expect, test } from 'vitest'
import { ChatChanges } from './chat-changes.ts'
import { randomOf } from './testing/random.ts'

test('C3 begins behind what is there, and knows that it missed something by a number beyond', () => {
  const changes = new ChatChanges(4)
  expect([changes.applied, changes.missing]).toEqual([4, false])
  changes.take(6)
  expect([changes.applied, changes.missing]).toEqual([4, true])
  changes.take(5)
  expect([changes.applied, changes.missing]).toEqual([6, false])
  changes.note(9)
  changes.take(8)
  changes.reach(7)
  expect([changes.applied, changes.missing]).toEqual([8, true])
  changes.reach(9)
  expect([changes.applied, changes.missing]).toEqual([9, false])
})

test('C3 in any order with repetitions: complete exactly when all are here', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = randomOf(seed)
    const changes = new ChatChanges(0)
    const order = Array.from({ length: 40 }, (_, i) => ({ rev: i + 1, at: random() })).toSorted((a, b) => a.at - b.at)
    const here = new Set<number>()
    for (const { rev } of order) {
      changes.take(rev)
      here.add(rev)
      const complete = Math.max(...here) === here.size
      expect(changes.missing, `seed ${seed}`).toBe(!complete)
    }
    expect(changes.applied).toBe(40)
  }
})
