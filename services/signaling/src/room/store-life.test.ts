import { expect, it } from 'vitest'
import { StoreLife } from './store-life.ts'

/** A node's view of a store whose answers take a while; `pass` lets time go by. */
function aLife() {
  let now = 0
  const store = 1_700_000_000_000
  const clock = { now: () => 0, monotonic: () => now }
  const life = new StoreLife({ kv: { incarnation: () => Promise.reject(new Error('not asked')) }, clock })
  return {
    life,
    pass: (ms: number) => void (now += ms),
    /** The answer of the store `lateMs` ago. */
    note: (lateMs: number, id = 'i1') => life.note({ id, ageMs: 10_000, now: store + now - lateMs }),
    off: () => life.now() - (store + now),
  }
}

it('C14 knows the time of the store as well as the quickest of its latest answers', () => {
  const { note, off, pass } = aLife()
  note(3)
  pass(1_000)
  note(250)
  expect(off()).toBe(-3)
  for (let count = 0; count < 16; count += 1) note(40)
  expect(off()).toBe(-40)
})

it('C14 takes the time of another incarnation as it is', () => {
  const { note, off } = aLife()
  note(0)
  note(90_000, 'i2')
  expect(off()).toBe(-90_000)
})
