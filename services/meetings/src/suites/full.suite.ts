import type { EntryAccess, Meeting } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** A full meeting says so at its door: M14, M17. */
export const fullSuite = (open: OpenWorld) =>
  describe('a full meeting', () => {
    let world: TestWorld
    let product: Product
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    const door = async (as: TestUser, { code }: Meeting) =>
      (await product.call<EntryAccess>('GET', `/v1/meetings/code/${code}/access`, { as })).body
    const join = async (as: TestUser, { code }: Meeting) => {
      const { status, body } = await product.joinByCode(as, code)
      return status === 200 ? 'in' : body.code
    }
    const seated = (users: readonly TestUser[]) =>
      users.map(({ id: userId, name }) => ({
        participantId: newId(),
        userId,
        name,
        role: 'participant' as const,
        joinedAt: new Date(product.clock.now()).toISOString(),
      }))

    it('M14 M17 says that it is full at the door and at a join; its participants and the host still come in', async () => {
      const [host, ann, ben, cleo] = ['Host', 'Ann', 'Ben', 'Cleo'].map((name) => product.user(name))
      if (!host || !ann || !ben || !cleo) throw new Error('nobody')
      const meeting = await product.create(host, { maxParticipants: 2 })
      // Ann is there twice, and counts once.
      for (const who of [ann, ann]) await product.fact('joined', meeting, who, { present: 2 })
      product.seat(meeting.id, seated([ann, ann]))
      expect(await join(cleo, meeting)).toBe('in')
      await product.fact('joined', meeting, ben, { present: 3 })
      product.seat(meeting.id, seated([ann, ann, ben]))
      await eventually(async () =>
        expect(await door(cleo, meeting)).toMatchObject({
          canEnter: false,
          reason: 'meeting-full',
          next: 'try-later',
          retryAfterMs: 5_000,
        }),
      )
      expect(await join(cleo, meeting)).toBe('meeting-full')
      for (const who of [host, ann, ben]) {
        expect(await door(who, meeting)).toMatchObject({ canEnter: true, next: 'join' })
        expect(await join(who, meeting)).toBe('in')
      }
      // Attendance may be late: the room knows better.
      product.seat(meeting.id, seated([ann]))
      expect(await join(cleo, meeting)).toBe('in')
      expect(await door(cleo, meeting)).toMatchObject({ canEnter: true })
    })
  })
