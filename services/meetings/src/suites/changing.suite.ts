import { meetingsBus, type Meeting } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

type Page = { items: Meeting[] }
const hour = 3_600_000

export const changingSuite = (open: OpenWorld) =>
  describe('scheduling, cancelling, deleting', () => {
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
    const inHours = (hours: number) => new Date(product.clock.now() + hours * hour).toISOString()
    const schedule = (as: TestUser, { id }: { id: string }, body: object, ifMatch?: string) =>
      product.call<Meeting>('PUT', `/v1/meetings/${id}/schedule`, {
        as,
        body,
        headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
      })
    const post = (as: TestUser, { id }: { id: string }, act: string) =>
      product.call<Meeting>('POST', `/v1/meetings/${id}/${act}`, { as, body: {} })

    it('M6 moves a meeting while it is live too, counts its version and tells the room', async () => {
      const host = product.user()
      const meeting = await product.create(host, { scheduledAt: inHours(1), durationMinutes: 30 })
      const body = { scheduledAt: inHours(3), timeZone: 'Europe/Berlin' }
      const moved = await schedule(host, meeting, body, '"1"')
      expect(moved.body).toMatchObject({ ...body, durationMinutes: 30, status: 'scheduled', version: 2 })
      expect(moved.etag).toBe('"2"')
      await product.fact('joined', meeting, host)
      const read = () => product.call<Meeting>('GET', `/v1/meetings/${meeting.id}`, { as: host })
      await eventually(async () => expect((await read()).body.status).toBe('live'))
      const live = await schedule(host, meeting, { scheduledAt: inHours(5), durationMinutes: 90 }, '"2"')
      expect(live.body).toMatchObject({ status: 'live', durationMinutes: 90, timeZone: 'Europe/Berlin', version: 3 })
      await eventually(() =>
        expect(product.toldTo(meeting.id).at(-1)).toMatchObject({
          kind: 'meeting-updated',
          meeting: { version: 3, scheduledAt: live.body.scheduledAt },
        }),
      )
    })

    it('M6 of two at once with the same If-Match one gets 200, the other 409 with the current version', async () => {
      const host = product.user()
      const meeting = await product.create(host, { scheduledAt: inHours(1) })
      const plans = [inHours(2), inHours(3)]
      const answers = await Promise.all(plans.map((scheduledAt) => schedule(host, meeting, { scheduledAt }, '"1"')))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const [won, lost] = [answers.find(({ status }) => status === 200), answers.find(({ status }) => status === 409)]
      expect(lost?.body).toMatchObject({ code: 'version-conflict', currentVersion: 2 })
      const { body } = await product.call<Meeting>('GET', `/v1/meetings/${meeting.id}`, { as: host })
      expect(body).toMatchObject({ version: 2, scheduledAt: won?.body.scheduledAt })
    })

    it('H6 M6 takes a list of ETags, in one line or several, and a tag that is not ours is a lost race', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      const good = { scheduledAt: inHours(1) }
      for (const foreign of ['"6", "7"', '"1-gzip"', '"", W/"x,y"', '"99999999999"']) {
        const { status, body } = await schedule(host, meeting, good, foreign)
        expect([foreign, status, body.code, body.currentVersion]).toEqual([foreign, 409, 'version-conflict', 1])
      }
      expect((await schedule(host, meeting, good, '"6", "1"')).body).toMatchObject({ version: 2 })
      expect((await schedule(host, meeting, good, ',"x", W/"2" ,')).body).toMatchObject({ version: 3 })
      expect((await schedule(host, meeting, good, '*')).body).toMatchObject({ version: 4 })
      const twice = await product.call<Meeting>('PATCH', `/v1/meetings/${meeting.id}`, {
        as: host,
        body: { title: 'Both' },
        headers: { 'if-match': '"9", "4", "10"' },
      })
      expect([twice.status, twice.body.version]).toEqual([200, 5])
    })

    it('H15 M5 updatedAt tells when the version last changed', async () => {
      const host = product.user()
      const made = await product.create(host)
      expect(made.updatedAt).toBe(made.createdAt)
      const read = async () => (await product.call<Meeting>('GET', `/v1/meetings/${made.id}`, { as: host })).body
      await schedule(host, made, { scheduledAt: inHours(1) }, '*')
      const changed = await read()
      expect(Date.parse(changed.updatedAt)).toBeGreaterThan(Date.parse(made.updatedAt))
      await product.call('POST', `/v1/meetings/${made.id}/end`, { as: host })
      const ended = await read()
      expect(ended.updatedAt).toBe(ended.endedAt)
    })

    it('H10 M7 ends a meeting without a body, and not for the body null', async () => {
      const host = product.user()
      const { id } = await product.create(host)
      const end = (body?: unknown) =>
        product.call<Meeting>('POST', `/v1/meetings/${id}/end`, { as: host, ...(body !== undefined && { body }) })
      expect((await end(null)).status).toBe(400)
      expect((await product.call<Meeting>('GET', `/v1/meetings/${id}`, { as: host })).body.status).toBe('waiting')
      expect((await end()).body.status).toBe('ended')
    })

    it('M6 needs If-Match, a real time, a known zone, and the host', async () => {
      const [host, member] = [product.user(), product.user()]
      const meeting = await product.create(host)
      await product.comeIn(member, meeting)
      const good = { scheduledAt: inHours(1) }
      expect((await schedule(host, meeting, good)).body.code).toBe('precondition-required')
      expect((await schedule(host, meeting, good)).status).toBe(428)
      expect((await schedule(host, meeting, good, 'x')).body.errors?.[0]?.path).toBe('headers.if-match')
      expect((await schedule(host, meeting, {}, '"1"')).body.errors?.[0]?.path).toBe('/scheduledAt')
      const odd = await schedule(host, meeting, { ...good, timeZone: 'Mars/Olympus' }, '"1"')
      expect(odd.body.errors?.[0]?.path).toBe('/timeZone')
      expect((await schedule(host, meeting, { scheduledAt: inHours(-1) }, '"1"')).body.errors?.[0]?.path).toBe(
        '/scheduledAt',
      )
      expect((await schedule(member, meeting, good, '"1"')).body.code).toBe('forbidden')
      expect((await schedule(product.user(), meeting, good, '"1"')).body.code).toBe('not-found')
      await post(host, meeting, 'end')
      expect((await schedule(host, meeting, good, '"1"')).body.code).toBe('meeting-over')
    })

    it('M5 cancels once; the room is closed with that reason and nobody enters', async () => {
      const [host, member] = [product.user(), product.user()]
      const meeting = await product.create(host, { scheduledAt: inHours(1) })
      await product.comeIn(member, meeting)
      const early = (await product.joinByCode(member, meeting.code)).body
      expect((await post(member, meeting, 'cancel')).body.code).toBe('forbidden')
      expect((await post(product.user(), meeting, 'cancel')).body.code).toBe('not-found')
      const [one, two] = await Promise.all([post(host, meeting, 'cancel'), post(host, meeting, 'cancel')])
      expect([one.body.status, two.body.status, one.body.version, two.body.version]).toEqual([
        'cancelled',
        'cancelled',
        2,
        2,
      ])
      await eventually(() => expect(product.toldTo(meeting.id)).toEqual([{ kind: 'end', reason: 'cancelled' }]))
      expect((await product.joinByCode(member, meeting.code)).body.code).toBe('meeting-over')
      const late = request(product.bus, meetingsBus.redeem, { roomToken: early.roomToken, userId: member.id })
      await expect(late).rejects.toMatchObject({ code: 'meeting-over' })
      const ended = await product.create(host)
      await post(host, ended, 'end')
      expect((await post(host, ended, 'cancel')).body.code).toBe('meeting-over')
    })

    it('M5 deletes softly: it ends and vanishes from lists, look-ups and joining', async () => {
      const [host, member] = [product.user(), product.user()]
      const meeting = await product.create(host)
      await product.comeIn(member, meeting)
      const early = (await product.joinByCode(member, meeting.code)).body
      const remove = (as: TestUser) => product.call('DELETE', `/v1/meetings/${meeting.id}`, { as })
      expect((await remove(member)).body.code).toBe('forbidden')
      expect((await remove(product.user())).body.code).toBe('not-found')
      expect((await remove(host)).status).toBe(204)
      expect((await remove(host)).status).toBe(404)
      await eventually(() => expect(product.toldTo(meeting.id)).toEqual([{ kind: 'end', reason: 'host' }]))
      for (const path of ['', '/participants', '/lobby', '/bans', '/tokens'])
        expect((await product.call('GET', `/v1/meetings/${meeting.id}${path}`, { as: host })).status).toBe(404)
      expect((await product.call('GET', `/v1/meetings/code/${meeting.code}`, { as: host })).status).toBe(404)
      expect((await product.joinByCode(host, meeting.code)).status).toBe(404)
      const { items } = (await product.call<Page>('GET', '/v1/meetings', { as: host })).body
      expect(items).toEqual([])
      const late = request(product.bus, meetingsBus.redeem, { roomToken: early.roomToken, userId: member.id })
      await expect(late).rejects.toMatchObject({ code: 'room-token-invalid' })
    })
  })
