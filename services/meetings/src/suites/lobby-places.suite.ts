import type { Meeting } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCall, type Call } from '../testing/call.ts'
import { createLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** The places of a lobby are shared: X1. */
export const lobbyPlacesSuite = (open: OpenWorld) =>
  describe('places in a lobby', () => {
    let world: TestWorld
    let product: Product
    let lobby: ReturnType<typeof createLobby>
    let call: Call
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
      lobby = createLobby(product)
      call = createCall((await product.start({ TRUST_PROXY: 'loopback' })).url)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    const knock = async (as: TestUser, { code }: Meeting, from: string): Promise<string> => {
      const headers = { 'x-forwarded-for': from }
      const { status, body } = await call('POST', '/v1/meetings/join', { as, headers, body: { code } })
      return status === 200 ? 'waits' : (body.code ?? '')
    }
    /** So many guests of one address, one after the other in a few lanes; how many of them wait. */
    async function crowd(meeting: Meeting, from: string, count: number): Promise<number> {
      const left = Array.from({ length: count }, () => product.user('Gast', true))
      const outcomes: string[] = []
      const lane = async () => {
        for (let guest = left.pop(); guest !== undefined; guest = left.pop())
          outcomes.push(await knock(guest, meeting, from))
      }
      await Promise.all([lane(), lane(), lane(), lane()])
      return outcomes.filter((one) => one === 'waits').length
    }

    it('X1 one address takes half of the places for guests, another one still gets some, accounts have theirs', async () => {
      const meeting = await product.create(product.user(), { settings: { waitingRoom: true } })
      expect(await crowd(meeting, '10.1.1.1', 230)).toBe(200)
      expect(await crowd(meeting, '10.1.1.2', 110)).toBe(100)
      expect(await knock(product.user('Gast', true), meeting, '10.1.1.1')).toBe('meeting-full')
      expect(await knock(product.user('Gast', true), meeting, '10.1.1.3')).toBe('waits')
      for (const from of ['10.1.1.1', '10.1.1.4']) expect(await knock(product.user('Ann'), meeting, from)).toBe('waits')
    }, 60_000)

    it('X1 a place without a socket is given back after 30 s; one with a socket is kept', async () => {
      const [host, ann, eve] = [product.user('Host'), product.user('Ann'), product.user('Eve', true)]
      const meeting = await product.create(host, { settings: { waitingRoom: true } })
      expect(await knock(eve, meeting, '10.1.2.1')).toBe('waits')
      const { participantId } = await lobby.come(ann, meeting)
      expect((await lobby.queue(host, meeting)).items).toHaveLength(2)
      product.advance(31_000)
      const { items } = await lobby.queue(host, meeting)
      expect(items.map((entry) => entry.participantId)).toEqual([participantId])
    })
  })
