import type { EntryAccess } from '@parley/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

export const doorSuite = (open: OpenWorld) =>
  describe('at the door', () => {
    let world: TestWorld
    let product: Product
    let lobby: ReturnType<typeof createLobby>
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
    })
    beforeEach(() => {
      lobby = createLobby(product)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })
    const explain = async (as: TestUser, code: string) =>
      (await product.call<EntryAccess>('GET', `/v1/meetings/code/${code}/access`, { as })).body
    const unknown = { canEnter: false, reason: 'not-found', next: 'none' }

    it('M14 says whether I may enter, why not, and what to do next', async () => {
      const [host, ann, gast] = [product.user('Host'), product.user('Ann'), product.user('Gast', true)]
      const open = await product.create(host, { title: 'Open' })
      const canEnter = { canEnter: true, reason: null, next: 'join' }
      expect(await explain(gast, open.code)).toMatchObject({
        ...canEnter,
        meeting: { title: 'Open', hostName: 'Host' },
      })
      const no = (reason: string, next: string) => ({ canEnter: false, reason, next })
      const locked = await product.create(host, { passcode: 'secret', settings: { waitingRoom: true } })
      expect(await explain(ann, locked.code)).toMatchObject(no('passcode-required', 'join-with-passcode'))
      expect(await explain(host, locked.code)).toMatchObject(canEnter)
      const shut = await product.create(host, { settings: { guestsAllowed: false, waitingRoom: true } })
      expect(await explain(gast, shut.code)).toMatchObject(no('guests-not-allowed', 'sign-in'))
      expect(await explain(ann, shut.code)).toMatchObject(no('waiting-room', 'wait-in-lobby'))
      const { participantId } = await lobby.come(ann, shut)
      await lobby.post(host, shut, 'lobby/reject', { participantId })
      expect(await explain(ann, shut.code)).toMatchObject(no('not-admitted', 'none'))
      await lobby.post(host, shut, 'kick', { userId: ann.id, ban: true })
      expect(await explain(ann, shut.code)).toEqual(no('removed-from-meeting', 'none'))
      await lobby.post(host, open, 'end')
      expect(await explain(gast, open.code)).toMatchObject(no('meeting-over', 'none'))
    })

    it('M14 S20 hides an invite-only meeting from users without an invite', async () => {
      const [host, ann] = [product.user(), product.user()]
      const { code } = await product.create(host, { type: 'invited_only', passcode: 'secret' })
      expect(await explain(ann, code)).toEqual(unknown)
      expect(await explain(ann, 'zzz-zzzz-zzz')).toEqual(unknown)
      expect(await explain(host, code)).toMatchObject({ canEnter: true, next: 'join' })
    })

    it('M17 a person looks up 60 codes a minute by all ways together, on all replicas', async () => {
      const [host, eve] = [product.user(), product.user('Eve')]
      const { code } = await product.create(host)
      const ways = [
        () => product.call('GET', `/v1/meetings/code/${code}`, { as: eve }),
        () => product.call('GET', '/v1/meetings/code/zzz-zzzz-zzz/access', { as: eve }),
        () => product.call('POST', '/v1/meetings/resolve-code', { as: eve, body: { code } }),
        () => product.joinByCode(eve, 'zzz-zzzz-zzz'),
      ]
      const answers = await Promise.all(Array.from({ length: 60 }, async (_, n) => ways[n % 4]?.()))
      expect(answers.every((one) => one?.status === 200 || one?.status === 404)).toBe(true)
      const { code: refused } = (await product.call('GET', `/v1/meetings/code/${code}`, { as: eve })).body
      expect(refused).toBe('rate-limited')
      expect((await product.call('GET', `/v1/meetings/code/${code}`, { as: host })).status).toBe(200)
    })

    it('M17 an address looks up 600 codes a minute, whoever asks; accounts still join', async () => {
      const host = product.user()
      const { code } = await product.create(host)
      let refused = 0
      for (let round = 0; round < 13; round += 1) {
        const as = product.user(`p${round}`)
        const look = () => product.call('GET', `/v1/meetings/code/${code}/access`, { as })
        const answers = await Promise.all(Array.from({ length: 50 }, look))
        refused += answers.filter(({ status }) => status === 429).length
      }
      expect(refused).toBeGreaterThanOrEqual(50)
      expect(refused).toBeLessThanOrEqual(650)
      expect((await product.joinByCode(product.user('Gast', true), code)).body.code).toBe('rate-limited')
      expect((await product.joinByCode(product.user(), code)).status).toBe(200)
    })
  })
