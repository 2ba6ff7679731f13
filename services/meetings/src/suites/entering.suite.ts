import { meetingsBus, type JoinDetails } from '@parley/contracts'
import { request, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

export const enteringSuite = (open: OpenWorld) =>
  describe('entering', () => {
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
    const redeem = (roomToken: string, userId: string) =>
      request(product.bus, meetingsBus.redeem, { roomToken, userId })
    const join = async (as: TestUser, code: string, more: object = {}) =>
      (await product.joinByCode(as, code, more)).body
    const refusal = async (asked: Promise<unknown>) =>
      asked.then(
        () => 'granted',
        (error: unknown) => (error as { code: string }).code,
      )

    it('M8 join answers the meeting, a room token and where to open the socket; the token is redeemed for a grant', async () => {
      const [host, guest] = [product.user('Host'), product.user('Gast', true)]
      const { id, code } = await product.create(host)
      const joining = await join(guest, code, { displayName: 'Gustav' })
      expect(joining).toMatchObject({
        meeting: { id, code },
        expiresIn: 120,
        signalingUrl: `wss://meet.test/v1/ws?meeting=${id}`,
      })
      const grant = await redeem(joining.roomToken, guest.id)
      expect(grant).toMatchObject({ userId: guest.id, name: 'Gustav', role: 'guest', guest: true })
      expect(grant.meeting).toMatchObject({ id, status: 'live', joinLink: `https://meet.test/m/${code}` })
      const asHost = await redeem((await join(host, code)).roomToken, host.id)
      expect(asHost).toMatchObject({ name: 'Host', role: 'host', guest: false })
      expect(asHost.participantId).not.toBe(grant.participantId)
    })

    it('M8 a room token by id is for those who may see the meeting', async () => {
      const [host, other] = [product.user(), product.user()]
      const ask = (id: string, as: TestUser) =>
        product.call<JoinDetails>('POST', `/v1/meetings/${id}/room-token`, { as, body: {} })
      const open = await product.create(host)
      const closed = await product.create(host, { type: 'private' })
      expect((await ask(open.id, other)).status).toBe(200)
      expect((await ask(closed.id, other)).body.code).toBe('not-found')
      await product.joinByCode(other, closed.code)
      expect((await ask(closed.id, other)).status).toBe(200)
      expect((await ask(newId(), other)).body.code).toBe('not-found')
    })

    it('S14 a room token works once, for its person, for its meeting, for 120 s', async () => {
      const [ann, bob] = [product.user(), product.user()]
      const [one, two] = [await product.create(ann), await product.create(ann)]
      const { roomToken } = await join(ann, one.code)
      await join(bob, two.code)
      expect(await refusal(redeem(roomToken, bob.id))).toBe('room-token-invalid')
      expect((await redeem(roomToken, ann.id)).meeting.id).toBe(one.id)
      expect(await refusal(redeem(roomToken, ann.id))).toBe('room-token-invalid')
      expect(await refusal(redeem('', ann.id))).toBe('room-token-invalid')
      const [late, inTime] = [await join(ann, one.code), await join(ann, one.code)]
      product.advance(119_000)
      expect(await refusal(redeem(inTime.roomToken, ann.id))).toBe('granted')
      product.advance(2_000)
      expect(await refusal(redeem(late.roomToken, ann.id))).toBe('room-token-invalid')
    })

    it('S14 of 50 parallel redemptions of one token one wins', async () => {
      const ann = product.user()
      const { code } = await product.create(ann)
      const { roomToken } = await join(ann, code)
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => refusal(redeem(roomToken, ann.id))))
      expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'room-token-invalid')).toHaveLength(49)
    })

    it('S14 R1 a person who got no answer asks again by the same attempt, and only by that', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const { code } = await product.create(host)
      const { roomToken } = await join(ann, code)
      const attempt = newId()
      const spend = (by?: string) =>
        request(product.bus, meetingsBus.redeem, { roomToken, userId: ann.id, ...(by && { attempt: by }) })
      const first = await spend(attempt)
      expect((await spend(attempt)).participantId).toBe(first.participantId)
      expect(await refusal(spend(newId()))).toBe('room-token-invalid')
      expect(await refusal(spend())).toBe('room-token-invalid')
      product.advance(121_000)
      expect(await refusal(spend(attempt))).toBe('room-token-invalid')
    })

    it('S3 S9 an access token is no room token, nor the other way round; neither is stored', async () => {
      const ann = product.user()
      const { code } = await product.create(ann, { passcode: 'open sesame' })
      const { roomToken } = await join(ann, code)
      expect(await refusal(redeem(ann.token(), ann.id))).toBe('room-token-invalid')
      expect(
        (await product.call('GET', '/v1/meetings', { headers: { authorization: `Bearer ${roomToken}` } })).status,
      ).toBe(401)
      const rows = [
        await product.db.selectFrom('room_tokens').selectAll().execute(),
        await product.db.selectFrom('meetings').selectAll().execute(),
      ]
      expect(JSON.stringify(rows)).not.toContain(roomToken)
      expect(JSON.stringify(rows)).not.toContain('open sesame')
    })

    it('refuses guests where they are not allowed, and everybody once the meeting is over, also with earlier tokens', async () => {
      const [host, guest] = [product.user(), product.user('Gast', true)]
      const { id, code } = await product.create(host, { settings: { guestsAllowed: false } })
      expect((await product.joinByCode(guest, code)).body.code).toBe('guests-not-allowed')
      const early = await join(host, code)
      await product.call('POST', `/v1/meetings/${id}/end`, { as: host, body: {} })
      expect((await product.joinByCode(host, code)).body.code).toBe('meeting-over')
      expect(await refusal(redeem(early.roomToken, host.id))).toBe('meeting-over')
    })

    it('M17 S19 asks everybody but the host for the passcode, and lets each try ten times', async () => {
      const [host, bob, eve] = [product.user(), product.user(), product.user()]
      const { id, code } = await product.create(host, { passcode: 'pässcode' })
      expect((await product.joinByCode(host, code)).status).toBe(200)
      expect((await product.joinByCode(bob, code)).body.code).toBe('passcode-required')
      expect((await product.joinByCode(bob, code, { passcode: 'pässcode' })).status).toBe(200)
      const tries: unknown[] = []
      for (let n = 0; n < 11; n += 1) {
        const way =
          n % 2
            ? product.joinByCode(eve, code, { passcode: `${n}` })
            : product.call('POST', `/v1/meetings/${id}/room-token`, { as: eve, body: { passcode: `${n}` } })
        tries.push((await way).body.code)
      }
      expect(tries).toEqual([...Array.from({ length: 10 }, () => 'passcode-required'), 'rate-limited'])
      expect((await product.joinByCode(eve, code, { passcode: 'pässcode' })).body.code).toBe('rate-limited')
      expect((await product.joinByCode(bob, code, { passcode: 'pässcode' })).status).toBe(200)
    })

    it('meetings.access tells who has been in a meeting and may chat', async () => {
      const [host, bob, stranger] = [product.user('Host'), product.user('Bob'), product.user()]
      const meeting = await product.create(host, { settings: { chat: false } })
      const access = (userId: string) => request(product.bus, meetingsBus.access, { meetingId: meeting.id, userId })
      expect(await access(host.id)).toEqual({ role: 'host', name: 'Host', mayChat: true, over: false })
      expect(await refusal(access(stranger.id))).toBe('not-found')
      const { roomToken } = await join(bob, meeting.code, { displayName: 'Bobby' })
      expect(await refusal(access(bob.id))).toBe('not-found')
      await redeem(roomToken, bob.id)
      expect(await access(bob.id)).toEqual({ role: 'participant', name: 'Bobby', mayChat: false, over: false })
      await product.fact('joined', meeting, bob, { name: 'Bob the Second' })
      await eventually(async () => expect((await access(bob.id)).name).toBe('Bob the Second'))
      await request(product.bus, meetingsBus.end, { meetingId: meeting.id, userId: host.id })
      expect((await access(bob.id)).over).toBe(true)
    })

    it('without PUBLIC_URL the links are those of the gateway that was asked, and the room has those of the creation', async () => {
      const other = await open()
      const local = await startProduct(other, { PUBLIC_URL: '' })
      try {
        const host = local.user()
        const from = (name: string) => ({ 'x-forwarded-host': name, 'x-forwarded-proto': 'https' })
        const made = await local.call<JoinDetails['meeting']>('POST', '/v1/meetings', {
          as: host,
          body: {},
          headers: from('a.test:8443'),
        })
        expect(made.body.joinLink).toBe(`https://a.test:8443/m/${made.body.code}`)
        const joined = await local.call<JoinDetails>('POST', '/v1/meetings/join', {
          as: host,
          body: { code: made.body.code },
          headers: from('evil.test'),
        })
        expect(joined.body.signalingUrl).toBe(`wss://evil.test/v1/ws?meeting=${made.body.id}`)
        expect(
          (await request(other.bus, meetingsBus.redeem, { roomToken: joined.body.roomToken, userId: host.id })).meeting
            .joinLink,
        ).toBe(made.body.joinLink)
        const odd = await local.call<JoinDetails['meeting']>('POST', '/v1/meetings', {
          as: host,
          body: {},
          headers: { 'x-forwarded-host': 'a/b?c@d' },
        })
        expect(odd.body.joinLink).toBe(`http://localhost/m/${odd.body.code}`)
      } finally {
        await local.stop()
        await other.close()
      }
    })
  })
