import { meetingsBus, type JoinDetails } from '@parley/contracts'
import { request } from '@parley/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

interface Token {
  id: string
  joinToken: string
  role: string
  expiresAt: string
  usesLeft: number
}

export const joinTokensSuite = (open: OpenWorld) =>
  describe('join tokens', () => {
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
    const make = async (as: TestUser, { id }: { id: string }, body: object = {}) =>
      (await product.call<Token>('POST', `/v1/meetings/${id}/tokens`, { as, body })).body
    const list = async (as: TestUser, { id }: { id: string }, query = '') =>
      (
        await product.call<{ items: Token[]; nextCursor: string | null }>('GET', `/v1/meetings/${id}/tokens${query}`, {
          as,
        })
      ).body
    const join = (as: TestUser, body: object) => product.call<JoinDetails>('POST', '/v1/meetings/join', { as, body })
    const enter = async (as: TestUser, body: object) => {
      const { roomToken } = (await join(as, body)).body
      return request(product.bus, meetingsBus.redeem, { roomToken, userId: as.id })
    }

    it('M9 admits to a meeting for the invited, past passcode and lobby, with its role', async () => {
      const [host, ann, gast] = [product.user(), product.user('Ann'), product.user('Gast', true)]
      const settings = { waitingRoom: true }
      const meeting = await product.create(host, { type: 'invited_only', passcode: 'secret', settings })
      const token = await make(host, meeting, { role: 'cohost', uses: 2, expiresInSeconds: 60 })
      expect(token).toMatchObject({ role: 'cohost', uses: 2, usesLeft: 2 })
      expect(Date.parse(token.expiresAt) - product.clock.now()).toBeGreaterThan(55_000)
      const grant = await enter(ann, { joinToken: token.joinToken, displayName: 'Ännchen' })
      expect(grant).toMatchObject({ name: 'Ännchen', role: 'cohost', admission: 'enter', guest: false })
      expect(await enter(gast, { joinToken: token.joinToken })).toMatchObject({ role: 'cohost', guest: true })
      const again = await product.call<JoinDetails>('POST', `/v1/meetings/${meeting.id}/room-token`, {
        as: ann,
        body: {},
      })
      const back = await request(product.bus, meetingsBus.redeem, { roomToken: again.body.roomToken, userId: ann.id })
      expect(back).toMatchObject({ role: 'cohost', admission: 'enter' })
    })

    it('M2 M9 takes what a request does not say from the settings of the installation', async () => {
      const other = await startProduct(world, { MAX_PARTICIPANTS_DEFAULT: '12', JOIN_TOKEN_TTL_HOURS: '2' })
      try {
        const host = other.user()
        const meeting = await other.create(host)
        expect(meeting).toMatchObject({ maxParticipants: 12 })
        const path = `/v1/meetings/${meeting.id}/tokens`
        const { expiresAt } = (await other.call<Token>('POST', path, { as: host, body: {} })).body
        expect(Math.abs(Date.parse(expiresAt) - other.clock.now() - 7_200_000)).toBeLessThan(60_000)
      } finally {
        await other.stop()
      }
    })

    it('M9 S9 shows the token once and stores only its hash; lists and revokes', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      const tokens = [await make(host, meeting), await make(host, meeting, { role: 'guest' })]
      const [first] = tokens
      const { items } = await list(host, meeting)
      expect(items.map(({ role }) => role)).toEqual(['guest', 'participant'])
      expect((await list(host, meeting, '?limit=1')).nextCursor).not.toBeNull()
      const rows = await product.db.selectFrom('join_tokens').selectAll().execute()
      for (const { joinToken } of tokens) {
        expect(JSON.stringify(items)).not.toContain(joinToken)
        expect(JSON.stringify(rows)).not.toContain(joinToken)
      }
      const revoke = () => product.call('DELETE', `/v1/meetings/${meeting.id}/tokens/${first?.id}`, { as: host })
      expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 404])
      expect((await list(host, meeting)).items).toHaveLength(1)
      expect((await join(product.user(), { joinToken: first?.joinToken })).body.code).toBe('join-token-invalid')
    })

    it('M9 of 50 people at once with a token of one use exactly one gets in', async () => {
      const host = product.user()
      const meeting = await product.create(host, { type: 'invited_only' })
      const { joinToken } = await make(host, meeting)
      const users = Array.from({ length: 50 }, (_, n) => product.user(`p${n}`, n % 2 === 0))
      const answers = await Promise.all(users.map((as) => join(as, { joinToken })))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ body }) => body.code === 'join-token-invalid')).toHaveLength(49)
      expect((await list(host, meeting)).items).toMatchObject([{ usesLeft: 0 }])
    })

    it('M9 the same person does not use it twice, also at once; an expired one lets nobody in', async () => {
      const [host, ann] = [product.user(), product.user()]
      const meeting = await product.create(host)
      const { joinToken } = await make(host, meeting, { uses: 2, expiresInSeconds: 3600 })
      const answers = await Promise.all(Array.from({ length: 10 }, () => join(ann, { joinToken })))
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
      expect((await join(host, { joinToken })).status).toBe(200)
      expect((await list(host, meeting)).items).toMatchObject([{ usesLeft: 1 }])
      product.advance(3_601_000)
      for (const as of [ann, product.user()])
        expect((await join(as, { joinToken })).body.code).toBe('join-token-invalid')
    })

    it('M9 takes the code or the token, one of the two, and says which is amiss', async () => {
      const host = product.user()
      const { code } = await product.create(host)
      const paths = async (body: object) => (await join(host, body)).body.errors?.map(({ path }) => path)
      const joinToken = 'x'.repeat(43)
      expect(await paths({})).toEqual(['/code'])
      expect(await paths({ code, joinToken })).toEqual(['/joinToken'])
      expect(await paths({ joinToken: 'short' })).toEqual(['/joinToken'])
      expect((await join(host, { joinToken })).body.code).toBe('join-token-invalid')
    })

    it('M9 a role that was taken back does not come back with the token', async () => {
      const [host, ann] = [product.user(), product.user()]
      const meeting = await product.create(host)
      const { joinToken } = await make(host, meeting, { role: 'cohost', uses: 5 })
      expect((await enter(ann, { joinToken })).role).toBe('cohost')
      const path = `/v1/meetings/${meeting.id}/participants/${ann.id}/role`
      await product.call('PUT', path, { as: host, body: { role: 'participant' } })
      expect((await enter(ann, { joinToken })).role).toBe('participant')
    })

    it('M9 a token opens no meeting that is over or deleted, nor to guests where none are allowed', async () => {
      const host = product.user()
      const make3 = async (body: object) => {
        const meeting = await product.create(host, body)
        return { meeting, body: { joinToken: (await make(host, meeting, { uses: 5 })).joinToken } }
      }
      const [over, gone, shut] = [await make3({}), await make3({}), await make3({ settings: { guestsAllowed: false } })]
      await product.call('POST', `/v1/meetings/${over.meeting.id}/end`, { as: host, body: {} })
      await product.call('DELETE', `/v1/meetings/${gone.meeting.id}`, { as: host })
      const guest = product.user('Gast', true)
      const codes = await Promise.all([over, gone, shut].map(async ({ body }) => (await join(guest, body)).body.code))
      expect(codes).toEqual(['meeting-over', 'join-token-invalid', 'guests-not-allowed'])
    })
  })
