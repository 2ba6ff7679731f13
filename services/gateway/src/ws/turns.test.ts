import { expect, it } from 'vitest'
import { createTurns } from './turns.ts'

const never = new AbortController().signal

it('P10 lets so many go at once for each node, the others in order, and forgets who has gone', async () => {
  const turns = createTurns(2)
  const order: number[] = []
  const first = await turns.take('a', never)
  const second = await turns.take('a', never)
  await turns.take('b', never)
  const leaving = new AbortController()
  const third = turns.take('a', never).then((giveBack) => (order.push(3), giveBack))
  const fourth = turns.take('a', leaving.signal)
  const fifth = turns.take('a', never).then((giveBack) => (order.push(5), giveBack))
  leaving.abort(new Error('gone'))
  await expect(fourth).rejects.toThrow('gone')
  expect(order).toEqual([])
  first()
  await third
  expect(order).toEqual([3])
  second()
  const giveBackFifth = await fifth
  giveBackFifth()
  ;(await third)()
  const again = await Promise.all([turns.take('a', never), turns.take('a', never)])
  expect(again).toHaveLength(2)
})
