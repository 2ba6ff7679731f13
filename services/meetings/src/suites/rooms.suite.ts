import { occupiedRooms, type Meeting, type RosterEntry } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const longMs = 600_000

/** The attendance of rooms that were lost. */
export const roomsSuite = (open: OpenWorld) =>
  describe('meetings whose rooms were lost', () => {
    let world: TestWorld
    let product: Product
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world, { EMPTY_END_SECONDS: '5' })
      await product.start()
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    it('C8 X16 X28 end once nobody is in them; not while a node has the room, and not while signaling does not answer', async () => {
      const [host, bob] = [product.user('Host'), product.user('Bob')]
      const entry = (participantId: string): RosterEntry => {
        const joinedAt = new Date(product.clock.now()).toISOString()
        return { participantId, userId: bob.id, name: 'Bob', role: 'participant', joinedAt }
      }
      const live = async () => {
        const meeting = await product.create(host)
        const participantId = newId()
        await product.fact('joined', meeting, host)
        await product.fact('joined', meeting, bob, { participantId, present: 2 })
        return { ...meeting, seat: entry(participantId) }
      }
      const read = async ({ id }: Meeting) => {
        type Full = Meeting & { participants: { name: string }[] }
        const { body } = await product.call<Full>('GET', `/v1/meetings/${id}`, { as: host })
        return [body.status, ...body.participants.map(({ name }) => name).toSorted()]
      }
      const [lost, announced, orphan, unknown, half] = [
        await live(),
        await live(),
        await live(),
        await live(),
        await live(),
      ]
      for (const { id } of [lost, announced, orphan]) product.seat(id, [])
      product.seat(half.id, [half.seat])
      await world.kv.announce(occupiedRooms, announced.id, longMs)
      await world.kv.announce(occupiedRooms, orphan.id, 1)
      await eventually(async () => expect(await read(half)).toEqual(['live', 'Bob', 'Host']))
      product.advance(60_000)
      await eventually(async () => expect(await read(half)).toEqual(['live', 'Bob']), 30_000)
      await eventually(async () => {
        product.advance(6_000)
        expect(await read(lost)).toEqual(['ended'])
      }, 15_000)
      for (const meeting of [announced, orphan, unknown]) expect(await read(meeting)).toEqual(['live', 'Bob', 'Host'])
      // Its store went back without a word: a node has the room, and has nobody but Bob in it.
      product.seat(announced.id, [announced.seat])
      await eventually(async () => expect(await read(announced)).toEqual(['live', 'Bob']), 30_000)
      expect(await read(half)).toEqual(['live', 'Bob'])
      expect(product.toldTo(lost.id)).toEqual([{ kind: 'end', reason: 'empty' }])
      expect(product.toldTo(half.id)).toEqual([])
    }, 60_000)
  })
