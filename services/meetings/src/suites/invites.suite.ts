import type { Invite, Meeting, ReceivedInvite } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccounts } from '../testing/accounts.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

type Page<T> = { items: T[]; nextCursor: string | null }

export const invitesSuite = (open: OpenWorld) =>
  describe('invites', () => {
    let world: TestWorld
    let product: Product
    let accounts: Awaited<ReturnType<typeof createAccounts>>
    beforeAll(async () => {
      world = await open()
      accounts = await createAccounts(world)
      product = await startProduct(world)
    })
    afterAll(async () => {
      accounts.lose()
      await product.stop()
      await world.close()
    })
    const user = (name = 'Ann'): TestUser => {
      const user = product.user(name)
      accounts.of(user)
      return user
    }
    const invite = (as: TestUser, meeting: Meeting, body: object) =>
      product.call<Invite>('POST', `/v1/meetings/${meeting.id}/invites`, { as, body })
    const act = (as: TestUser, id: string, what: 'accept' | 'decline', body: object = {}) =>
      product.call<ReceivedInvite>('POST', `/v1/invites/${id}/${what}`, { as, body })
    const revoke = (as: TestUser, id: string) => product.call<Invite>('DELETE', `/v1/invites/${id}`, { as })
    const mine = async (as: TestUser, query = '') =>
      (await product.call<Page<ReceivedInvite>>('GET', `/v1/invites${query}`, { as })).body.items
    const sees = async (as: TestUser, { id }: Meeting) =>
      (await product.call('GET', `/v1/meetings/${id}`, { as })).status
    const listed = async (as: TestUser, query = '') =>
      (await product.call<Page<Meeting>>('GET', `/v1/meetings${query}`, { as })).body.items.map(({ id }) => id)

    it('M12 an invited account sees the meeting, finds it in its lists, enters by code, accepts and declines', async () => {
      const [host, ann] = [user('Host'), user()]
      const meeting = await product.create(host, { type: 'invited_only', title: 'Board' })
      expect(await sees(ann, meeting)).toBe(404)
      const { status, body } = await invite(host, meeting, { userId: ann.id, message: 'Please come' })
      expect([status, body]).toEqual([
        201,
        {
          id: body.id,
          meetingId: meeting.id,
          userId: ann.id,
          status: 'pending',
          message: 'Please come',
          createdAt: body.createdAt,
        },
      ])
      expect([await sees(ann, meeting), await listed(ann), await listed(ann, '?role=invited')]).toEqual([
        200,
        [meeting.id],
        [meeting.id],
      ])
      expect(await mine(ann)).toMatchObject([
        {
          id: body.id,
          status: 'pending',
          invitedBy: { id: host.id, name: 'Host' },
          meeting: { id: meeting.id, title: 'Board', code: meeting.code },
        },
      ])
      expect((await product.joinByCode(ann, meeting.code)).status).toBe(200)
      expect((await act(ann, body.id, 'accept')).body).toMatchObject({
        status: 'accepted',
        meeting: { id: meeting.id },
      })
      expect((await act(ann, body.id, 'accept')).status).toBe(200)
      expect((await mine(ann, '?status=pending')).length).toBe(0)
      expect((await act(ann, body.id, 'decline')).body.status).toBe('declined')
      expect(await listed(ann, '?role=invited')).toEqual([])
    })

    it('M12 inviting the same person again gives the same invite, also at once; a no may be asked again', async () => {
      const [host, ann] = [user(), user()]
      const meeting = await product.create(host)
      const email = `Ada.${newId()}@Example.org`
      const answers = await Promise.all(Array.from({ length: 8 }, () => invite(host, meeting, { email })))
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        200, 200, 200, 200, 200, 200, 200, 201,
      ])
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
      expect(answers[0]?.body.email).toBe(email.toLowerCase())
      const first = (await invite(host, meeting, { userId: ann.id })).body
      await act(ann, first.id, 'decline')
      const again = await invite(host, meeting, { userId: ann.id })
      expect([again.status, again.body.id, again.body.status]).toEqual([201, first.id, 'pending'])
      const all = await product.call<Page<Invite>>('GET', `/v1/meetings/${meeting.id}/invites?limit=1`, { as: host })
      const rest = await product.call<Page<Invite>>(
        'GET',
        `/v1/meetings/${meeting.id}/invites?cursor=${all.body.nextCursor}`,
        { as: host },
      )
      expect([...all.body.items, ...rest.body.items].map(({ id }) => id)).toEqual([first.id, answers[0]?.body.id])
    })

    it('M12 an invite to an address is for the account that has shown to own it', async () => {
      const [host, ann, eve] = [user(), product.user('Ann'), product.user('Eve')]
      const email = `ann.${newId()}@example.org`
      const meeting = await product.create(host, { type: 'invited_only' })
      const { body } = await invite(host, meeting, { email })
      accounts.of(eve, { email, emailVerified: false })
      expect([await sees(eve, meeting), await mine(eve), (await act(eve, body.id, 'accept')).status]).toEqual([
        404,
        [],
        404,
      ])
      accounts.of(ann, { email: email.toUpperCase() })
      expect((await product.joinByCode(ann, meeting.code)).status).toBe(200)
      expect([await listed(ann), (await mine(ann)).map(({ id }) => id)]).toEqual([[meeting.id], [body.id]])
      const seenByHost = async () =>
        (await product.call<Page<Invite>>('GET', `/v1/meetings/${meeting.id}/invites`, { as: host })).body.items[0]
      expect((await seenByHost())?.userId).toBeUndefined()
      expect((await act(ann, body.id, 'accept')).body).toMatchObject({ status: 'accepted', userId: ann.id })
      expect(await seenByHost()).toMatchObject({ email, userId: ann.id, status: 'accepted' })
    })

    it('M12 P5 an account without a verified address costs auth one question, until an invite to the address makes a difference', async () => {
      const [host, ann] = [user(), product.user('Ann')]
      const email = accounts.of(ann, { emailVerified: false })
      for (let times = 0; times < 3; times += 1) expect([await listed(ann), await mine(ann)]).toEqual([[], []])
      expect(accounts.askedFor(ann)).toBe(1)
      const meeting = await product.create(host, { type: 'invited_only' })
      await invite(host, meeting, { email })
      expect(await listed(ann)).toEqual([])
      expect(accounts.askedFor(ann)).toBe(2)
      accounts.of(ann)
      expect(await listed(ann)).toEqual([meeting.id])
    })

    it('M12 nobody is taken for the owner of an address while auth is away; invites by account go on', async () => {
      const [host, ann, bob] = [user(), user(), user()]
      const meeting = await product.create(host, { type: 'invited_only' })
      await invite(host, meeting, { email: `${ann.id}@example.org` })
      await invite(host, meeting, { userId: bob.id })
      accounts.lose()
      try {
        expect([await sees(ann, meeting), await sees(bob, meeting), (await mine(ann)).length]).toEqual([404, 200, 0])
        expect((await invite(host, meeting, { userId: ann.id })).body.code).toBe('unavailable')
      } finally {
        await accounts.find()
      }
      expect(await sees(ann, meeting)).toBe(200)
    })

    it('M12 S22 an invite needs exactly one known account or address, and a meeting that is not over', async () => {
      const host = user()
      const meeting = await product.create(host)
      const bad = [
        {},
        { email: 'a@b.test', userId: newId() },
        { email: 'nonsense' },
        { email: 'a@b.test\r\nBcc: x@y.test' },
        { userId: newId() },
        { email: 'a@b.test', status: 'accepted' },
      ]
      for (const body of bad)
        expect([(await invite(host, meeting, body)).body.code, body]).toEqual(['invalid-input', body])
      expect((await invite(host, meeting, { userId: host.id })).body.code).toBe('wrong-state')
      const { body: pending } = await invite(host, meeting, { email: 'a@b.test' })
      await product.call('POST', `/v1/meetings/${meeting.id}/end`, { as: host, body: {} })
      expect((await invite(host, meeting, { email: 'c@d.test' })).body.code).toBe('meeting-over')
      expect((await revoke(host, pending.id)).body.status).toBe('revoked')
    })

    it('M12 a revoked invite opens nothing any more', async () => {
      const [host, ann] = [user(), user()]
      const meeting = await product.create(host, { type: 'invited_only' })
      const { body } = await invite(host, meeting, { userId: ann.id })
      expect((await revoke(host, body.id)).body.status).toBe('revoked')
      expect((await revoke(host, body.id)).status).toBe(200)
      expect([await sees(ann, meeting), await mine(ann), await listed(ann)]).toEqual([404, [], []])
      expect((await product.joinByCode(ann, meeting.code)).body.code).toBe('not-found')
      expect((await act(ann, body.id, 'accept')).body.code).toBe('wrong-state')
    })

    it('S21 the roles that may read, make and revoke invites', async () => {
      const [host, cohost, member, invited, stranger] = [user('Host'), user('Cohost'), user(), user(), user()]
      const guest = product.user('Gast', true)
      const meeting = await product.create(host, { type: 'private' })
      await product.fact('joined', meeting, cohost, { role: 'cohost' })
      for (const who of [member, guest]) await product.fact('joined', meeting, who)
      await eventually(async () => expect(await sees(guest, meeting)).toBe(200))
      await invite(host, meeting, { userId: invited.id })
      const target = async () => (await invite(host, meeting, { userId: user().id })).body.id
      const users = [host, cohost, member, invited, stranger, guest, undefined]
      const row = async (ask: (as: TestUser | undefined) => Promise<{ status: number }>) => {
        const statuses: number[] = []
        for (const as of users) statuses.push((await ask(as)).status)
        return statuses
      }
      const asking = (as: TestUser | undefined) => (as === undefined ? {} : { as })
      expect({
        create: await row((as) =>
          product.call('POST', `/v1/meetings/${meeting.id}/invites`, {
            ...asking(as),
            body: { email: `${newId()}@example.org` },
          }),
        ),
        list: await row((as) => product.call('GET', `/v1/meetings/${meeting.id}/invites`, asking(as))),
        mine: await row((as) => product.call('GET', '/v1/invites', asking(as))),
        revoke: await row(async (as) => product.call('DELETE', `/v1/invites/${await target()}`, asking(as))),
        accept: await row(async (as) =>
          product.call('POST', `/v1/invites/${await target()}/accept`, { ...asking(as), body: {} }),
        ),
        open: await row(async (as) =>
          product.call('POST', `/v1/invites/${await target()}/open`, { ...asking(as), body: {} }),
        ),
        decline: await row(async (as) =>
          product.call('POST', `/v1/invites/${await target()}/decline`, { ...asking(as), body: {} }),
        ),
      }).toEqual({
        create: [201, 201, 403, 403, 404, 403, 401],
        list: [200, 200, 403, 403, 404, 403, 401],
        mine: [200, 200, 200, 200, 200, 403, 401],
        revoke: [200, 200, 403, 403, 404, 403, 401],
        accept: [404, 404, 404, 404, 404, 404, 401],
        open: [404, 404, 404, 404, 404, 404, 401],
        decline: [404, 404, 404, 404, 404, 404, 401],
      })
    })

    it('M12 S21 a person who is invited to a public meeting knows it: what they may not do is forbidden, not hidden', async () => {
      const [host, invited, declined, banned, stranger] = [user('Host'), user(), user(), user(), user()]
      const meeting = await product.create(host, { type: 'public' })
      await product.fact('joined', meeting, banned)
      for (const who of [invited, declined, banned]) {
        const { body } = await invite(host, meeting, { userId: who.id })
        if (who === declined) await act(who, body.id, 'decline')
      }
      const at = `/v1/meetings/${meeting.id}`
      const ban = { as: host, body: { userId: banned.id, ban: true } }
      await eventually(async () => expect((await product.call('POST', `${at}/kick`, ban)).status).toBe(204))
      const calls = [
        ['PATCH', at, { title: 'Mine' }],
        ['GET', `${at}/bans`, undefined],
        ['POST', `${at}/leave`, {}],
      ] as const
      const statuses = (as: TestUser) =>
        Promise.all(calls.map(async ([method, path, body]) => (await product.call(method, path, { as, body })).status))
      expect(await Promise.all([invited, declined, banned, stranger].map(statuses))).toEqual([
        [403, 403, 204],
        [404, 404, 404],
        [404, 404, 404],
        [404, 404, 404],
      ])
    })

    it('S19 nobody fills a mailbox with invites', async () => {
      const host = user()
      const meeting = await product.create(host)
      const answers: number[] = []
      for (let round = 0; round < 11; round += 1) {
        const { status, body } = await invite(host, meeting, { email: 'victim@example.org' })
        answers.push(status)
        if (status === 201) await revoke(host, body.id)
      }
      expect(answers).toEqual([...Array.from({ length: 10 }, () => 201), 429])
    })

    it('S18 S20 an invite looks to a stranger like one that does not exist, with a wrong token too', async () => {
      const [host, stranger, ann] = [user(), user(), user()]
      const meeting = await product.create(host)
      const { body } = await invite(host, meeting, { userId: ann.id })
      const token = 'x'.repeat(43)
      const asks = (id: string) => [
        act(stranger, id, 'accept'),
        act(stranger, id, 'decline', { token }),
        revoke(stranger, id),
      ]
      const shown = async (id: string) =>
        (await Promise.all(asks(id))).map(({ status, body: problem }) => [status, { ...problem, requestId: '' }])
      expect(await shown(body.id)).toEqual(await shown(newId()))
      expect((await mine(ann))[0]?.status).toBe('pending')
    })
  })
