import { meetingsBus, type Attendance, type Meeting, type ParticipantEntry } from '@parley/contracts'
import { request, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterEach, beforeEach, afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

type Full = Meeting & { participants: Attendance[] }
type Page = { items: ParticipantEntry[]; nextCursor: string | null }
const minute = 60_000
const hour = 60 * minute

export const lifeSuite = (open: OpenWorld) =>
  describe('life of a meeting', () => {
    let world: TestWorld
    let product: Product
    beforeAll(async () => {
      world = await open()
    })
    afterAll(() => world.close())
    beforeEach(async () => {
      product = await startProduct(world, { EMPTY_END_SECONDS: '60' })
    })
    afterEach(() => product.stop())

    const read = async (as: TestUser, { id }: { id: string }) =>
      (await product.call<Full>('GET', `/v1/meetings/${id}`, { as })).body
    const participants = async (as: TestUser, { id }: { id: string }, query = '') =>
      (await product.call<Page>('GET', `/v1/meetings/${id}/participants?${query}`, { as })).body
    const until = (as: TestUser, meeting: { id: string }, expected: object) =>
      eventually(async () => expect(await read(as, meeting)).toMatchObject(expected))

    it('M7 goes live when the first participant joins, and changes nothing else', async () => {
      const [host, bob] = [product.user('Host'), product.user('Bob')]
      const meeting = await product.create(host)
      const first = await product.fact('joined', meeting, bob, { role: 'host' })
      await until(host, meeting, {
        status: 'live',
        startedAt: first.at,
        version: 1,
        participants: [{ userId: bob.id, name: 'Bob', role: 'host', leftAt: null }],
      })
      await product.fact('joined', meeting, host, { present: 2 })
      await eventually(async () => expect((await read(host, meeting)).participants).toHaveLength(2))
      expect((await read(host, meeting)).startedAt).toBe(first.at)
    })

    it('M11 keeps stays by facts that come twice and in any order, returns included', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      const participantId = newId()
      const start = product.clock.now()
      const at = (second: number) => new Date(start + second * 1000).toISOString()
      const facts = [
        { kind: 'joined', id: newId(), at: at(1), present: 1 },
        { kind: 'left', id: newId(), at: at(2), present: 0 },
        { kind: 'joined', id: newId(), at: at(3), present: 1 },
        { kind: 'left', id: newId(), at: at(4), present: 0 },
      ] as const
      const orders = [
        [1, 0, 0, 1],
        [3, 2, 1, 0],
        [0, 3, 2, 1, 0, 3],
      ]
      for (const order of orders) {
        for (const index of order)
          await product.fact(facts[index]?.kind ?? 'left', meeting, host, { ...facts[index], participantId })
        const leftAt = order.includes(3) ? at(4) : at(2)
        await eventually(async () => {
          const { items } = await participants(host, meeting)
          expect(items).toMatchObject([{ id: participantId, joinedAt: at(1), leftAt }])
        })
      }
      const back = await product.fact('joined', meeting, host, { participantId, at: at(5) })
      await eventually(async () =>
        expect((await participants(host, meeting, 'present=true')).items).toMatchObject([
          { id: participantId, leftAt: null },
        ]),
      )
      await product.fact('left', meeting, host, { ...facts[3], participantId })
      await product.fact('joined', meeting, product.user('Eve'), { present: 2, at: back.at })
      await eventually(async () => expect((await participants(host, meeting, 'present=true')).items).toHaveLength(2))
    })

    it('M11 pages through who is in and who was, for those who may see the meeting', async () => {
      const host = product.user()
      const meeting = await product.create(host, { type: 'private' })
      for (let n = 0; n < 7; n += 1) {
        const stay = { participantId: newId(), present: n + 1 }
        await product.fact('joined', meeting, product.user(`p${n}`), stay)
        if (n < 3) await product.fact('left', meeting, product.user(`p${n}`), { ...stay, present: n + 1 })
      }
      await eventually(async () => expect((await participants(host, meeting, 'present=true')).items).toHaveLength(4))
      expect((await participants(host, meeting, 'present=false')).items).toHaveLength(3)
      const [first, second] = [await participants(host, meeting, 'limit=5'), await participants(host, meeting)]
      const rest = await participants(host, meeting, `limit=5&cursor=${first.nextCursor}`)
      expect([...first.items, ...rest.items]).toEqual(second.items)
      expect(rest.nextCursor).toBeNull()
      expect(await participants(product.user(), meeting)).toMatchObject({ code: 'not-found' })
    })

    it('M11 R3 lists the live state and guest flag of each participant, and still answers when the room does not', async () => {
      const [host, gus, eve] = [product.user('Host'), product.user('Gus', true), product.user('Eve')]
      const meeting = await product.create(host, { type: 'public' })
      expect((await participants(host, meeting)).items).toEqual([])
      const { participantId } = await product.fact('joined', meeting, gus)
      const left = await product.fact('joined', meeting, eve)
      await product.fact('left', meeting, eve, { participantId: left.participantId })
      const rows = async () =>
        Object.fromEntries(
          (await participants(host, meeting)).items.map(({ name, guest, live }) => [name, { guest, live }]),
        )
      const nothing = { Gus: { guest: true, live: null }, Eve: { guest: false, live: null } }
      await eventually(async () => expect(await rows()).toEqual(nothing))

      const live = { mic: true, cam: false, screen: true, hand: 7, connection: 'reconnecting' } as const
      const joinedAt = new Date(product.clock.now()).toISOString()
      const shown = [participantId, left.participantId].map((one) => ({ participantId: one, userId: gus.id, joinedAt }))
      product.show(
        meeting.id,
        shown.map((one) => ({ ...one, ...live })),
      )
      await eventually(async () => expect(await rows()).toEqual({ ...nothing, Gus: { guest: true, live } }))
      const asked = product.askedForShown()
      expect((await participants(host, meeting, 'present=false')).items).toHaveLength(1)
      expect(product.askedForShown(), 'nobody of the list is there').toBe(asked)
      product.loseSignaling()
      expect(await rows()).toEqual(nothing)
      await product.findSignaling()
    })

    it('M11 a guest who was made a cohost is a guest still', async () => {
      const [host, gus] = [product.user('Host'), product.user('Gus', true)]
      const meeting = await product.create(host, { type: 'public' })
      await product.fact('joined', meeting, gus)
      await eventually(async () => expect((await participants(host, meeting)).items).toHaveLength(1))
      const path = `/v1/meetings/${meeting.id}/participants/${gus.id}/role`
      expect((await product.call('PUT', path, { as: host, body: { role: 'cohost' } })).status).toBe(200)
      await product.fact('joined', meeting, gus, { role: 'cohost' })
      await eventually(async () =>
        expect((await participants(host, meeting)).items).toMatchObject([
          { role: 'cohost', guest: true },
          { role: 'guest', guest: true },
        ]),
      )
    })

    it('a fact that cannot be read holds up nobody', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      await product.kv.facts.append('no json')
      await product.kv.facts.append('{"kind":"joined"}')
      await product.fact('joined', { id: newId() }, host)
      await product.fact('joined', meeting, host, { at: '2026-99-99T00:00:00Z' })
      await product.fact('joined', meeting, host)
      await until(host, meeting, { status: 'live' })
    })

    it('M7 the host ends it, once, from REST or from the room, and the room is told', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      await product.fact('joined', meeting, host)
      await until(host, meeting, { status: 'live' })
      const end = () => product.call<Meeting>('POST', `/v1/meetings/${meeting.id}/end`, { as: host, body: {} })
      const [first] = await Promise.all([
        end(),
        end(),
        request(product.bus, meetingsBus.end, { meetingId: meeting.id, userId: host.id }),
      ])
      const again = await end()
      expect(again.body).toMatchObject({ status: 'ended', version: 2, endedAt: first.body.endedAt })
      expect((await read(host, meeting)).participants).toEqual([])
      expect(
        (await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { title: 'x' } })).body.code,
      ).toBe('meeting-over')
      await eventually(() => expect(product.toldTo(meeting.id)).toEqual([{ kind: 'end', reason: 'host' }]))
      const stranger = request(product.bus, meetingsBus.end, { meetingId: meeting.id, userId: newId() })
      await expect(stranger).rejects.toMatchObject({ code: 'not-found' })
    })

    it('M7 a room that a participant entered while it ended gets the end again', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      await product.call('POST', `/v1/meetings/${meeting.id}/end`, { as: host, body: {} })
      await eventually(() => expect(product.toldTo(meeting.id)).toHaveLength(1))
      await product.fact('joined', meeting, host)
      await eventually(() =>
        expect(product.toldTo(meeting.id)).toEqual([
          { kind: 'end', reason: 'host' },
          { kind: 'end', reason: 'host' },
        ]),
      )
      expect((await read(host, meeting)).status).toBe('ended')
    })

    it('commands reach the room after signaling was away, the last one and in order', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      product.loseSignaling()
      for (const title of ['one', 'two', 'three'])
        await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { title } })
      await product.findSignaling()
      await eventually(
        () =>
          expect(product.toldTo(meeting.id).at(-1)).toMatchObject({
            kind: 'meeting-updated',
            meeting: { title: 'three' },
          }),
        8000,
      )
      product.loseSignaling()
      await product.call('POST', `/v1/meetings/${meeting.id}/end`, { as: host, body: {} })
      await product.findSignaling()
      await eventually(() => expect(product.toldTo(meeting.id).at(-1)).toEqual({ kind: 'end', reason: 'host' }), 8000)
      const versions = product
        .toldTo(meeting.id)
        .flatMap((command) => (command.kind === 'meeting-updated' ? [command.meeting.version] : []))
      expect(versions).toEqual([...versions].sort())
      await eventually(async () =>
        expect(
          await product.db.selectFrom('outbox').selectAll().where('meeting_id', '=', meeting.id).execute(),
        ).toEqual([]),
      )
    })

    it('C14 a command that waits for signaling is tried as soon, when the clock is set back meanwhile', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      product.loseSignaling()
      await product.call('POST', `/v1/meetings/${meeting.id}/end`, { as: host, body: {} })
      const waiting = () => product.db.selectFrom('outbox').select('attempts').where('meeting_id', '=', meeting.id)
      await eventually(async () => expect((await waiting().execute()).at(0)?.attempts).toBeGreaterThan(0), 8000)
      product.clock.step(-minute)
      await product.findSignaling()
      await eventually(() => expect(product.toldTo(meeting.id).at(-1)).toMatchObject({ kind: 'end' }), 8000)
    })

    it('M7 two sweepers end empty and expired meetings once each, and leave the others', async () => {
      const host = product.user()
      const make = async (body: object, ...kinds: ('joined' | 'left')[]) => {
        const meeting = await product.create(host, body)
        const participantId = newId()
        for (const kind of kinds) await product.fact(kind, meeting, host, { participantId })
        return meeting
      }
      const soon = new Date(product.clock.now() + minute).toISOString()
      const empty = await Promise.all(Array.from({ length: 60 }, () => make({}, 'joined', 'left')))
      const planned = await make({ scheduledAt: soon, durationMinutes: 30 }, 'joined', 'left')
      const busy = await make({}, 'joined')
      const unused = await make({})
      const later = await make({ scheduledAt: new Date(product.clock.now() + 2 * hour).toISOString() })
      const statuses = async () =>
        (await Promise.all([planned, busy, unused, later].map((meeting) => read(host, meeting)))).map(
          ({ status }) => status,
        )
      await eventually(async () => expect(await statuses()).toEqual(['waiting', 'live', 'waiting', 'scheduled']))
      product.advance(2 * minute)
      await Promise.all([product.start(), product.start()])
      for (const meeting of empty) await until(host, meeting, { status: 'ended', version: 2 })
      expect(await statuses()).toEqual(['waiting', 'live', 'waiting', 'scheduled'])
      product.advance(30 * minute)
      await Promise.all([product.start(), product.start()])
      await until(host, planned, { status: 'ended' })
      product.advance(24 * hour)
      await Promise.all([product.start(), product.start()])
      await eventually(async () => expect(await statuses()).toEqual(['ended', 'ended', 'ended', 'waiting']))
      await eventually(() => expect(product.toldTo(unused.id)).toEqual([{ kind: 'end', reason: 'expired' }]))
      for (const { id } of [...empty, planned]) expect(product.toldTo(id)).toEqual([{ kind: 'end', reason: 'empty' }])
      expect(product.toldTo(busy.id)).toEqual([{ kind: 'end', reason: 'expired' }])
      product.advance(3 * hour)
      await product.start()
      await eventually(async () => expect(await statuses()).toEqual(['ended', 'ended', 'ended', 'ended']))
    })

    it('M7 somebody who comes back in time keeps an empty meeting alive', async () => {
      const host = product.user()
      const meeting = await product.create(host)
      const participantId = newId()
      await product.fact('joined', meeting, host, { participantId })
      await product.fact('left', meeting, host, { participantId })
      product.advance(50_000)
      await product.fact('joined', meeting, host, { participantId })
      await eventually(async () => expect((await read(host, meeting)).participants).toHaveLength(1))
      product.advance(50_000)
      await product.start()
      expect((await read(host, meeting)).status).toBe('live')
    })

    it('M7 one may come back for hours to a meeting that everybody left; it is not listed meanwhile, and says why it ended', async () => {
      const other = await startProduct(world)
      const [host, ann] = [other.user('Host'), other.user('Ann')]
      try {
        const meeting = await other.create(host)
        const participantId = newId()
        const listed = async () => {
          const { body } = await other.call<{ items: Meeting[] }>('GET', '/v1/meetings?scope=active&limit=100', {
            as: ann,
          })
          return body.items.some(({ id }) => id === meeting.id)
        }
        const status = async () =>
          (await other.call<Full>('GET', `/v1/meetings/${meeting.id}`, { as: host })).body.status
        await other.fact('joined', meeting, host, { participantId })
        await eventually(async () => expect([await status(), await listed()]).toEqual(['live', true]))
        await other.fact('left', meeting, host, { participantId })
        await eventually(async () => expect([await status(), await listed()]).toEqual(['waiting', false]))
        other.advance(3 * hour)
        await other.start()
        expect((await other.joinByCode(ann, meeting.code)).status).toBe(200)
        await other.fact('joined', meeting, ann, { participantId })
        await eventually(async () => expect([await status(), await listed()]).toEqual(['live', true]))
        await other.fact('left', meeting, ann, { participantId })
        await eventually(async () => expect(await status()).toBe('waiting'))
        other.advance(5 * hour)
        await other.start()
        await eventually(async () => expect(await status()).toBe('ended'))
        const late = await other.call<{ detail: string }>('POST', '/v1/meetings/join', {
          as: ann,
          body: { code: meeting.code },
        })
        expect(late.body).toMatchObject({ code: 'meeting-over', detail: expect.stringContaining('Everybody had left') })
        const door = await other.call('GET', `/v1/meetings/code/${meeting.code}/access`, { as: ann })
        expect(door.body).toMatchObject({ reason: 'meeting-over', endReason: 'empty' })
      } finally {
        await other.stop()
      }
    })

    it('a stay whose end was lost ends with the next emptying of the room', async () => {
      const [host, ghost] = [product.user(), product.user('Ghost')]
      const meeting = await product.create(host)
      await product.fact('joined', meeting, ghost)
      product.advance(minute)
      const participantId = newId()
      await product.fact('joined', meeting, host, { participantId })
      await product.fact('left', meeting, host, { participantId, present: 0 })
      await eventually(async () => expect((await participants(host, meeting, 'present=false')).items).toHaveLength(2))
    })
  })
