import { meetingsBus, userEvents, type Invite, type Meeting, type UserEventName } from '@parley/contracts'
import { request, compile, subscribe, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccounts } from '../testing/accounts.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const minuteMs = 60_000

export const userEventsSuite = (open: OpenWorld) =>
  describe('user events', () => {
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
    /** A request on the bus has a second; on a busy machine its caller asks again, as event streams do. */
    const read = (who: TestUser, after: string | null, limit = 50) =>
      eventually(() => request(world.bus, meetingsBus.userEvents, { userId: who.id, after, limit }), 15_000)
    const begin = async (who: TestUser) => (await read(who, null)).head
    const typesOf = async (who: TestUser, after: string) => (await read(who, after)).events.map(({ type }) => type)
    const invite = async (host: TestUser, meeting: Meeting, body: object) =>
      (await product.call<Invite>('POST', `/v1/meetings/${meeting.id}/invites`, { as: host, body })).body
    const inMs = (ms: number) => new Date(product.clock.now() + ms).toISOString()

    it('R12 the invited user hears of the invite, its answer and its end; the inviter hears of the answer', async () => {
      const [host, ann] = [user('Host'), user()]
      const [h, a] = [await begin(host), await begin(ann)]
      const meeting = await product.create(host)
      const { id } = await invite(host, meeting, { userId: ann.id })
      await product.call('POST', `/v1/invites/${id}/accept`, { as: ann, body: {} })
      await product.call('POST', `/v1/invites/${id}/accept`, { as: ann, body: {} })
      await product.call('DELETE', `/v1/invites/${id}`, { as: host })
      const { events } = await read(ann, a)
      expect(events.map(({ type }) => type)).toEqual(['invite.received', 'invite.answered', 'invite.revoked'])
      expect(events[0]?.data).toMatchObject({
        invite: { id, invitedBy: { name: 'Host' }, meeting: { id: meeting.id } },
      })
      expect(await typesOf(host, h)).toEqual(['invite.answered'])
      for (const { type, data } of events) expect(compile(userEvents[type as UserEventName])(data)).toEqual([])
      const [, second] = events
      expect((await read(ann, second?.id ?? '')).events).toEqual(events.slice(2))
    })

    it('R12 an account with the verified address hears of an invite by mail, also of one sent before it verified', async () => {
      const host = user('Host')
      const ben = product.user('Ben')
      const email = `${ben.id}@example.org`
      accounts.of(ben, { email: `other.${email}`, emailVerified: false })
      const after = await begin(ben)
      await invite(host, await product.create(host), { email: email.toUpperCase() })
      expect(await typesOf(ben, after)).toEqual([])
      accounts.of(ben, { email, emailVerified: false })
      expect(await typesOf(ben, after)).toEqual([])
      accounts.of(ben, { email })
      expect(await typesOf(ben, after)).toEqual(['invite.received'])
    })

    it('R12 the host and invited users hear when a meeting changes, starts and ends; those who declined do not', async () => {
      const [host, yes, open_, no] = [user('Host'), user('Yes'), user('Open'), user('No')]
      const meeting = await product.create(host, { scheduledAt: inMs(3_600_000), durationMinutes: 30 })
      for (const [user, answer] of [
        [yes, 'accept'],
        [open_, ''],
        [no, 'decline'],
      ] as const) {
        const { id } = await invite(host, meeting, { userId: user.id })
        if (answer !== '') await product.call('POST', `/v1/invites/${id}/${answer}`, { as: user, body: {} })
      }
      const everybody = [host, yes, open_, no]
      const from = await Promise.all(everybody.map(begin))
      await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { title: 'Moved' } })
      await product.fact('joined', meeting, host, { role: 'host' })
      const types = () => Promise.all(everybody.map((who, index) => typesOf(who, from[index] ?? '')))
      await eventually(async () => expect((await types())[0]).toEqual(['meeting.updated', 'meeting.started']), 10_000)
      await product.call('POST', `/v1/meetings/${meeting.id}/end`, { as: host })
      const all = ['meeting.updated', 'meeting.started', 'meeting.ended']
      expect(await types()).toEqual([all, all, ['meeting.updated', 'meeting.ended'], []])
    })

    it('R12 several replicas announce once that a meeting begins soon, and again when it is moved', async () => {
      const replicas = [await product.start(), await product.start()]
      const [host, yes] = [user('Host'), user('Yes')]
      const meeting = await product.create(host, { scheduledAt: inMs(30 * minuteMs) })
      const { id } = await invite(host, meeting, { userId: yes.id })
      await product.call('POST', `/v1/invites/${id}/accept`, { as: yes, body: {} })
      const from = [await begin(host), await begin(yes)] as const
      const startings = async (who: TestUser, after: string) =>
        (await typesOf(who, after)).filter((type) => type === 'meeting.starting').length
      product.advance(26 * minuteMs)
      await eventually(async () => expect(await startings(yes, from[1])).toBe(1), 15_000)
      const { body } = await product.call<Meeting>('GET', `/v1/meetings/${meeting.id}`, { as: host })
      const headers = { 'if-match': `"${body.version}"` }
      await product.call('PUT', `/v1/meetings/${meeting.id}/schedule`, {
        as: host,
        headers,
        body: { scheduledAt: inMs(3 * minuteMs) },
      })
      await eventually(async () => expect(await startings(host, from[0])).toBe(2), 15_000)
      await new Promise((resolve) => setTimeout(resolve, 6_000))
      expect([await startings(host, from[0]), await startings(yes, from[1])]).toEqual([2, 2])
      await Promise.all(replicas.map((replica) => replica.stop()))
    }, 60_000)

    it('R12 a hint follows the commit, and the numbers of many changes at once have no gaps', async () => {
      const [host, ann] = [user('Host'), user()]
      const from = await begin(ann)
      const { boxes } = await read(ann, null)
      let hints = 0
      const subscription = subscribe(
        world.bus,
        meetingsBus.news,
        { box: boxes[0] ?? '' },
        () => (hints += 1),
        world.log,
      )
      await subscription.ready()
      const meetings = await Promise.all(Array.from({ length: 20 }, () => product.create(host)))
      await Promise.all(meetings.map((meeting) => invite(host, meeting, { userId: ann.id })))
      const { events } = await read(ann, from)
      expect(events.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => `${n + 1}.0`))
      expect((await read(ann, '5.0', 3)).events.map(({ id }) => id)).toEqual(['6.0', '7.0', '8.0'])
      await eventually(() => expect(hints).toBeGreaterThan(0), 5_000)
      subscription.unsubscribe()
    })

    it('R12 a position that is too old, unknown or in the future gives an incomplete answer', async () => {
      const [host, ann] = [user('Host'), user()]
      const from = await begin(ann)
      await invite(host, await product.create(host), { userId: ann.id })
      for (const after of ['nonsense', '7.0', '1', '1.5'])
        expect(await read(ann, after)).toMatchObject({ events: [], complete: false, head: '1.0' })
      product.advance(8 * 24 * 3_600_000)
      // The sweeper forgets, every 5 s, after all else that it has to do.
      await eventually(async () => expect(await read(ann, from)).toMatchObject({ complete: false, events: [] }), 40_000)
      expect(await read(ann, '1.0')).toMatchObject({ complete: true })
    }, 60_000)

    it('R12 of one account the newest 1,000 are kept', async () => {
      const [host, ann] = [user('Host'), user()]
      const meeting = await product.create(host)
      const { id } = await invite(host, meeting, { userId: ann.id })
      const { boxes } = await read(ann, null)
      const box = boxes[0] ?? ''
      const at = new Date(product.clock.now())
      const rows = Array.from({ length: 1_500 }, (_, n) => ({
        box,
        seq: n + 2,
        type: 'meeting.updated' as const,
        data: '{}',
        created_at: at,
      }))
      await product.db.insertInto('user_events').values(rows).execute()
      await product.db.updateTable('user_boxes').set({ last_seq: 1_501 }).where('box', '=', box).execute()
      await product.call('DELETE', `/v1/invites/${id}`, { as: host })
      await eventually(async () => {
        const kept = await product.db.selectFrom('user_events').select('seq').where('box', '=', box).execute()
        expect(kept).toHaveLength(1_000)
      }, 10_000)
      expect(await read(ann, '10.0')).toMatchObject({ complete: false })
      expect((await read(ann, '1499.0')).events.map(({ type }) => type).slice(-1)).toEqual(['invite.revoked'])
    })

    it('R12 R4 a person who was removed, and who is banned, may not read on; a deleted meeting is read by nobody', async () => {
      const [host, ann] = [user('Host'), user()]
      const meeting = await product.create(host)
      await product.fact('joined', meeting, ann)
      const users = [host.id, ann.id]
      const readers = () => request(world.bus, meetingsBus.readers, { meetingId: meeting.id, userIds: users })
      await eventually(async () => expect((await readers()).meeting.status).toBe('live'), 10_000)
      expect((await readers()).readers).toEqual(users)
      await product.call('POST', `/v1/meetings/${meeting.id}/kick`, { as: host, body: { userId: ann.id } })
      expect((await readers()).readers).toEqual([host.id])
      await product.call('DELETE', `/v1/meetings/${meeting.id}`, { as: host })
      await expect(readers()).rejects.toMatchObject({ code: 'not-found' })
      await expect(request(world.bus, meetingsBus.readers, { meetingId: newId(), userIds: [] })).rejects.toMatchObject({
        code: 'not-found',
      })
    })
  })
