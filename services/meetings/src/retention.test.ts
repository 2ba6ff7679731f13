import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startProduct, type Product } from './testing/product.ts'
import { openMemoryWorld, type TestWorld } from './testing/world.ts'

const dayMs = 86_400_000
let world: TestWorld
let product: Product
beforeAll(async () => {
  world = await openMemoryWorld()
  product = await startProduct(world, { ATTENDANCE_RETENTION_DAYS: '30' })
}, 60_000)
afterAll(async () => {
  await product.stop()
  await world.close()
})

it('O11.7 the sweeper forgets stays, and comings and goings, when they are too old', async () => {
  const [host, guest] = [product.user('Host'), product.user('Late')]
  const meeting = await product.create(host)
  const stay = await product.fact('joined', meeting, host)
  await product.fact('left', meeting, host, { participantId: stay.participantId })
  const stays = async () => (await product.db.selectFrom('attendance').select('name').execute()).map(({ name }) => name)
  const moves = async () => (await product.db.selectFrom('moves').select('kind').execute()).length
  await eventually(async () => expect([await stays(), await moves()]).toEqual([['Host'], 2]), 15_000)
  product.advance(31 * dayMs)
  const later = await product.create(guest)
  await product.fact('joined', later, guest)
  await eventually(async () => expect([await stays(), await moves()]).toEqual([['Late'], 1]), 30_000)
})
