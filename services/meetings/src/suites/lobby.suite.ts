import { meetingsBus } from '@parley/contracts'
import { request, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLobby, hearLobby } from '../testing/lobby.ts'
import { startProduct, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const waitingRoom = { settings: { waitingRoom: true } }

export const lobbySuite = (open: OpenWorld) =>
  describe('lobby', () => {
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

    it('M15 a person who comes waits in order; the host and the room see it, and the host goes straight in', async () => {
      const [host, ann, gast] = [product.user(), product.user('Ann'), product.user('Gast', true)]
      const meeting = await product.create(host, waitingRoom)
      const heard = await hearLobby(world, meeting.id)
      expect((await lobby.come(host, meeting)).admission).toBe('enter')
      const first = await lobby.come(ann, meeting)
      product.advance(5)
      const second = await lobby.come(gast, meeting)
      expect([first.admission, second.admission]).toEqual(['wait', 'wait'])
      const { items, lv } = await lobby.queue(host, meeting)
      expect(items).toMatchObject([
        { participantId: first.participantId, userId: ann.id, name: 'Ann', guest: false, position: 1 },
        { participantId: second.participantId, userId: gast.id, name: 'Gast', guest: true, position: 2 },
      ])
      expect(await lobby.state(meeting, first.participantId)).toMatchObject({ lv, lobby: items, decided: [] })
      await eventually(() => expect(heard).toEqual([1, 2]))
      expect(lv).toBe(2)
    })

    it('M15 the place is kept over new room tokens, reloads and a restart of the service', async () => {
      const [host, ann, bob] = [product.user(), product.user('Ann'), product.user('Bob')]
      const meeting = await product.create(host, waitingRoom)
      const first = await lobby.come(ann, meeting)
      product.advance(1000)
      await lobby.come(bob, meeting)
      product.advance(60_000)
      const again = await lobby.come(ann, meeting)
      expect(again).toMatchObject({ participantId: first.participantId, admission: 'wait' })
      await lobby.come(bob, meeting)
      product.advance(100_000)
      await lobby.come(bob, meeting)
      await product.start()
      const { items, lv } = await lobby.queue(host, meeting)
      expect(items.map(({ name, position }) => [name, position])).toEqual([
        ['Ann', 1],
        ['Bob', 2],
      ])
      expect(lv).toBe(2)
    })

    it('M15 admit: the grant can be requested again, and an admitted user enters without waiting from then on', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const meeting = await product.create(host, { ...waitingRoom, passcode: 'secret' })
      const { roomToken } = (await product.joinByCode(ann, meeting.code, { passcode: 'secret' })).body
      const { participantId } = await lobby.redeem(ann, roomToken)
      expect((await lobby.post(host, meeting, 'lobby/admit', { participantId })).body).toEqual({ count: 1 })
      expect((await lobby.post(host, meeting, 'lobby/admit', { participantId })).body).toEqual({ count: 0 })
      expect((await lobby.post(host, meeting, 'lobby/reject', { participantId })).body.code).toBe('not-found')
      const decision = await lobby.decided(meeting, participantId)
      expect(decision).toMatchObject({
        participantId,
        admitted: true,
        grant: { participantId, userId: ann.id, role: 'participant', admission: 'enter', meeting: { status: 'live' } },
      })
      expect(await lobby.decided(meeting, participantId)).toEqual(decision)
      const back = await lobby.come(ann, meeting)
      expect(back.admission).toBe('enter')
      expect((await lobby.queue(host, meeting)).items).toEqual([])
    })

    it('M15 a token from before the admission lets in too', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const meeting = await product.create(host, waitingRoom)
      const { roomToken } = (await product.joinByCode(ann, meeting.code)).body
      expect((await lobby.post(host, meeting, 'lobby/admit-all')).body).toEqual({ count: 1 })
      expect((await lobby.redeem(ann, roomToken)).admission).toBe('enter')
    })

    it('M15 reject: told so, and not again before 60 s', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const meeting = await product.create(host, waitingRoom)
      const { participantId } = await lobby.come(ann, meeting)
      await lobby.post(host, meeting, 'lobby/reject', { participantId })
      const told = { participantId, admitted: false, reason: 'rejected' }
      expect(await lobby.decided(meeting, participantId)).toEqual(told)
      const refused = (await product.joinByCode(ann, meeting.code)).body as { code?: string; retryAfterMs?: number }
      expect(refused.code).toBe('not-admitted')
      expect(refused.retryAfterMs).toBeGreaterThan(50_000)
      product.advance(60_001)
      const asked = await lobby.come(ann, meeting)
      expect(asked.admission).toBe('wait')
      expect(asked.participantId).not.toBe(participantId)
      expect((await lobby.queue(host, meeting)).items).toHaveLength(1)
    })

    it('M15 admit all at once from two sides admits each once', async () => {
      const host = product.user()
      const meeting = await product.create(host, waitingRoom)
      const users = Array.from({ length: 12 }, (_, n) => product.user(`p${n}`, true))
      await Promise.all(users.map((as) => lobby.come(as, meeting)))
      const all = { meetingId: meeting.id, by: host.id, participantId: null, admit: true }
      const [one, two] = await Promise.all([
        lobby.post(host, meeting, 'lobby/admit-all'),
        request(product.bus, meetingsBus.decideLobby, all),
      ])
      expect(one.body.count + two.count).toBe(12)
      expect((await lobby.state(meeting)).lobby).toEqual([])
    })

    it('M15 more decisions than the bus carries at once come with the next questions', async () => {
      const host = product.user()
      const meeting = await product.create(host, { ...waitingRoom, description: 'ü'.repeat(2000) })
      const users = Array.from({ length: 60 }, (_, n) => product.user(`p${n}`, true))
      // One after the other: on a busy machine 60 at once come beyond the deadline of a request.
      const grants: Awaited<ReturnType<typeof lobby.come>>[] = []
      for (const as of users) grants.push(await lobby.come(as, meeting))
      await lobby.post(host, meeting, 'lobby/admit-all')
      let present = grants.map(({ participantId }) => participantId)
      let questions = 0
      for (; present.length > 0 && questions < 10; questions += 1) {
        const { decided } = await lobby.state(meeting, ...present)
        const told = decided.filter(({ admitted }) => admitted).map(({ participantId }) => participantId)
        present = present.filter((participantId) => !told.includes(participantId))
      }
      expect(present).toEqual([])
      expect(questions).toBeGreaterThan(1)
    })

    it('M15 a person who is not seen for 130 s leaves the queue; an open socket keeps the place, a new ask gets a new one', async () => {
      const [host, ann, bob, eve] = [product.user(), product.user('Ann'), product.user('Bob'), product.user('Eve')]
      const meeting = await product.create(host, waitingRoom)
      const [a, b] = [await lobby.come(ann, meeting), await lobby.come(bob, meeting)]
      const e = await lobby.come(eve, meeting)
      for (let n = 0; n < 3; n += 1) {
        product.advance(50_000)
        await lobby.state(meeting, a.participantId)
      }
      const { items, lv } = await lobby.queue(host, meeting)
      expect(items.map(({ name }) => name)).toEqual(['Ann'])
      expect(lv).toBeGreaterThan(3)
      // A node that was cut off comes back with the socket of one of them.
      const back = await lobby.state(meeting, e.participantId)
      expect(back.lobby.map(({ name, position }) => [name, position])).toEqual([
        ['Ann', 1],
        ['Eve', 2],
      ])
      expect(back.lv).toBe(lv + 1)
      const asked = await lobby.come(bob, meeting)
      expect(asked.participantId).not.toBe(b.participantId)
      expect((await lobby.queue(host, meeting)).items.map(({ name }) => name)).toEqual(['Ann', 'Eve', 'Bob'])
      expect(await lobby.decided(meeting, b.participantId)).toMatchObject({ admitted: false, reason: 'gone' })
    })

    it('M15 the sweeper removes lobby entries that timed out, and tells the room', async () => {
      const host = product.user()
      const meeting = await product.create(host, waitingRoom)
      const heard = await hearLobby(world, meeting.id)
      await lobby.come(product.user(), meeting)
      product.advance(131_000)
      await product.start()
      await eventually(() => expect(heard).toEqual([1, 2]))
    })

    it('M15 a request for the place in the lobby says when one has left, the meeting is over, or the id is unknown', async () => {
      const [host, ann, bob] = [product.user(), product.user('Ann'), product.user('Bob')]
      const meeting = await product.create(host, waitingRoom)
      const [a, b] = [await lobby.come(ann, meeting), await lobby.come(bob, meeting)]
      await request(product.bus, meetingsBus.leaveLobby, { meetingId: meeting.id, participantId: a.participantId })
      expect(await lobby.decided(meeting, a.participantId)).toMatchObject({ reason: 'gone' })
      expect(await lobby.decided(meeting, newId())).toMatchObject({ reason: 'gone' })
      await lobby.post(host, meeting, 'end')
      expect(await lobby.decided(meeting, b.participantId)).toMatchObject({ admitted: false, reason: 'ended' })
      expect((await lobby.queue(host, meeting)).items).toEqual([])
      expect((await lobby.post(host, meeting, 'lobby/admit-all')).body.code).toBe('meeting-over')
    })

    it('S24 a user in the lobby gets neither chat nor roster; an admitted one does', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host, waitingRoom)
      await product.fact('joined', meeting, host, { role: 'host' })
      const { participantId } = await lobby.come(ann, meeting)
      const access = () => request(product.bus, meetingsBus.access, { meetingId: meeting.id, userId: ann.id })
      const roster = async (path: string) => {
        const { body } = await product.call<{ code?: string; items?: unknown[]; participants?: unknown[] }>(
          'GET',
          `/v1/meetings/${meeting.id}${path}`,
          { as: ann },
        )
        return (body.items ?? body.participants)?.length ?? body.code
      }
      await expect(access()).rejects.toMatchObject({ code: 'not-found' })
      expect([await roster('/participants'), await roster('')]).toEqual(['not-admitted', 0])
      await lobby.post(host, meeting, 'lobby/admit', { participantId })
      expect(await access()).toMatchObject({ role: 'participant', name: 'Ann', mayChat: true })
      await eventually(async () => expect([await roster('/participants'), await roster('')]).toEqual([1, 1]))
    })
  })
