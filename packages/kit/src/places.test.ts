import { expect, it } from 'vitest'
import { createPlaces, type Places } from './places.ts'

/** How many places an address gets that takes all it can. */
function takeAll(places: Places, address: string): number {
  for (let taken = 0; ; taken += 1) if (typeof places.take(address) === 'string') return taken
}

it('X5 X6 an address gets half of the places, the next a quarter, and so on; a new address always gets one', () => {
  const places = createPlaces({ total: 60 })
  expect(['a', 'b', 'c'].map((address) => takeAll(places, address))).toEqual([30, 15, 8])
  expect(places.take('a')).toBe('share')
  expect(places.take('d')).toMatchObject({ giveBack: expect.any(Function) })
})

it('X6 ten addresses that take all they can one by one leave room', () => {
  const places = createPlaces({ total: 10_000 })
  let left = 10
  while (left > 0) {
    left = 10
    for (let address = 0; address < 10; address += 1) if (places.take(`${address}`) === 'share') left -= 1
  }
  expect(places.count()).toBeGreaterThan(9_000)
  expect(takeAll(places, 'honest')).toBeGreaterThan(400)
})

it('X6 a returned place can be taken again, once', () => {
  const places = createPlaces({ total: 3 })
  const taken = [1, 2, 3].map(() => places.take('home'))
  expect(places.take('home')).toBe('full')
  const [first] = taken
  if (first === undefined || typeof first === 'string') throw new Error('no place')
  first.giveBack()
  first.giveBack()
  expect(places.count()).toBe(2)
  expect(places.take('home')).not.toBe('full')
})

it('without shares there is only the bound', () => {
  expect(takeAll(createPlaces({ total: 50, shared: false }), 'a')).toBe(50)
})
