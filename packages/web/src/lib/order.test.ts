import { expect, test } from 'vitest'
import { orderTiles, pagesOf, type Standing } from './order.ts'

const person = (id: string, given: Partial<Standing> = {}): Standing => ({ id, hand: null, spokeAt: 0, ...given })

test('O8 tiles stay in their order, and newcomers come last', () => {
  expect(orderTiles([], [person('a'), person('b')], 9)).toEqual(['a', 'b'])
  expect(orderTiles(['b', 'a'], [person('a'), person('b'), person('c')], 9)).toEqual(['b', 'a', 'c'])
  expect(orderTiles(['b', 'gone', 'a'], [person('a'), person('b')], 9)).toEqual(['b', 'a'])
})

test('O8 a raised hand among 26 people is on the first page, in the order of the hands', () => {
  const people = Array.from({ length: 26 }, (_, index) => person(`p${index}`))
  const raised = people.map((one) =>
    one.id === 'p25' ? { ...one, hand: 7 } : one.id === 'p20' ? { ...one, hand: 9 } : one,
  )
  const order = orderTiles(
    people.map(({ id }) => id),
    raised,
    16,
  )
  expect(order.slice(0, 3)).toEqual(['p25', 'p20', 'p0'])
  expect(order).toHaveLength(26)
})

test('O8 a person who speaks on a later page takes the place of the most silent of the first page, and the others do not move', () => {
  const people = [
    person('a', { spokeAt: 5 }),
    person('b', { spokeAt: 1 }),
    person('c', { spokeAt: 3 }),
    person('d'),
    person('e', { spokeAt: 9 }),
  ]
  expect(orderTiles(['a', 'b', 'c', 'd', 'e'], people, 3)).toEqual(['a', 'e', 'c', 'd', 'b'])
})

test('O8 a person who spoke before those in sight stays on the later page', () => {
  const people = [person('a', { spokeAt: 5 }), person('b', { spokeAt: 6 }), person('c', { spokeAt: 3 })]
  expect(orderTiles(['a', 'b', 'c'], people, 2)).toEqual(['a', 'b', 'c'])
})

test('O8 pages hold as many as fit, and there is always one', () => {
  expect(pagesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(pagesOf([], 4)).toEqual([[]])
})
