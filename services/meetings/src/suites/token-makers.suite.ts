import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createActs } from '../testing/acts.ts'
import { createLobby } from '../testing/lobby.ts'
import { startProduct, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** Join tokens, and what they opened, end with the right of their makers to make them. */
export const tokenMakersSuite = (open: OpenWorld) =>
  describe('join tokens and their makers', () => {
    let world: TestWorld
    let product: Product
    let lobby: ReturnType<typeof createLobby>
    let acts: ReturnType<typeof createActs>
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
    })
    beforeEach(() => {
      lobby = createLobby(product)
      acts = createActs(product)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    it('X9c the join tokens of a cohost die with their ban, removal or demotion, and the list says whose they are', async () => {
      for (const how of ['ban', 'kick', 'demote'] as const) {
        const [host, cohost] = [product.user('Host'), product.user('Carl')]
        const [used, fresh] = [product.user('Used', true), product.user('Fresh', true)]
        const meeting = await product.create(host, { type: 'invited_only', settings: { waitingRoom: true } })
        await acts.withToken(cohost, await acts.makeToken(host, meeting))
        await acts.setRole(host, meeting, cohost, 'cohost')
        const token = await acts.makeToken(cohost, meeting)
        const own = await acts.makeToken(host, meeting)
        expect((await acts.listTokens(host, meeting)).map(({ createdBy }) => createdBy.name)).toEqual([
          'Host',
          'Carl',
          'Host',
        ])
        expect(token.createdBy).toEqual({ userId: cohost.id, name: 'Carl' })
        const { roomToken } = (await acts.withToken(used, token)).body
        if (how === 'demote') await acts.setRole(host, meeting, cohost, 'participant')
        else await lobby.post(host, meeting, 'kick', { userId: cohost.id, ban: how === 'ban' })
        expect((await acts.withToken(fresh, token)).body.code).toBe('join-token-invalid')
        expect([how, await acts.outcome(used, roomToken)]).toEqual([how, 'not-found'])
        expect(await acts.access(used, meeting)).toBe('not-found')
        expect(await acts.renewed(used, meeting)).toMatchObject({ code: 'not-found' })
        expect((await acts.listTokens(host, meeting)).map(({ createdBy }) => createdBy.name)).toEqual(['Host', 'Host'])
        expect(await acts.outcome(fresh, (await acts.withToken(fresh, own)).body.roomToken)).toBe('enter')
      }
    })

    it('X9c a person who entered by a join token stays when it is revoked; an unspent use does not', async () => {
      const [host, came, not] = [product.user('Host'), product.user('Came'), product.user('Not')]
      const meeting = await product.create(host, { type: 'invited_only' })
      const token = await acts.makeToken(host, meeting, { role: 'cohost' })
      const { roomToken } = (await acts.withToken(came, token)).body
      expect(await acts.outcome(came, roomToken)).toBe('enter')
      await acts.written(came, meeting, 'cohost')
      await acts.withToken(not, token)
      await product.call('DELETE', `/v1/meetings/${meeting.id}/tokens/${token.id}`, { as: host })
      expect([await acts.access(came, meeting), (await lobby.queue(came, meeting)).items]).toEqual(['cohost', []])
      expect(await lobby.queue(not, meeting)).toMatchObject({ code: 'not-found' })
    })

    it('X9c with the hand-over die the tokens that only a host may make', async () => {
      const [ann, bob] = [product.user('Ann'), product.user('Bob')]
      const meeting = await product.create(ann)
      await acts.inside(bob, meeting)
      const [leading, plain] = [
        await acts.makeToken(ann, meeting, { role: 'cohost' }),
        await acts.makeToken(ann, meeting),
      ]
      expect((await lobby.post(ann, meeting, 'host', { userId: bob.id })).status).toBe(200)
      expect((await acts.listTokens(bob, meeting)).map(({ id }) => id)).toEqual([plain.id])
      expect((await acts.withToken(product.user(), leading)).body.code).toBe('join-token-invalid')
    })

    it('X9c a token that is made beside the demotion of its maker does not outlive it', async () => {
      const host = product.user('Host')
      for (let round = 0; round < 8; round += 1) {
        const cohost = product.user('Carl')
        const meeting = await product.create(host)
        await acts.inside(cohost, meeting)
        await acts.setRole(host, meeting, cohost, 'cohost')
        await Promise.all([
          ...Array.from({ length: 3 }, () => acts.makeToken(cohost, meeting)),
          acts.setRole(host, meeting, cohost, 'participant'),
        ])
        expect(await acts.listTokens(host, meeting)).toEqual([])
      }
    })
  })
