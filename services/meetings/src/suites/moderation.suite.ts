import { meetingsBus, type Meeting } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLobby, hearLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

interface At {
  id: string
  code: string
}

export const moderationSuite = (open: OpenWorld) =>
  describe('moderation', () => {
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
    const kick = (as: TestUser, at: At, whom: TestUser, ban = false) =>
      lobby.post(as, at, 'kick', { userId: whom.id, ...(ban ? { ban } : {}) })
    const setRole = (as: TestUser, { id }: At, whom: TestUser, role: string) =>
      product.call<{ role: string }>('PUT', `/v1/meetings/${id}/participants/${whom.id}/role`, { as, body: { role } })
    const roomToken = (as: TestUser, { id }: At) =>
      product.call<{ roomToken: string }>('POST', `/v1/meetings/${id}/room-token`, { as, body: {} })

    it('M10 a person who was kicked waits the next time, though there is no waiting room, until admitted', async () => {
      const [host, bob] = [product.user(), product.user('Bob')]
      const meeting = await product.create(host)
      expect((await lobby.come(bob, meeting)).admission).toBe('enter')
      const early = (await roomToken(bob, meeting)).body.roomToken
      expect((await kick(host, meeting, bob)).status).toBe(204)
      await expect(lobby.redeem(bob, early)).rejects.toMatchObject({ code: 'room-token-invalid' })
      await eventually(() =>
        expect(product.toldTo(meeting.id)).toEqual([
          { kind: 'remove', userId: bob.id, reason: 'removed', by: host.id },
        ]),
      )
      const back = await lobby.come(bob, meeting)
      expect(back.admission).toBe('wait')
      await lobby.post(host, meeting, 'lobby/admit', { participantId: back.participantId })
      expect((await lobby.come(bob, meeting)).admission).toBe('enter')
    })

    it('M10 a ban holds for a guest’s identity, kills its tokens, and can be taken back', async () => {
      const [host, gast, other] = [product.user(), product.user('Gast', true), product.user('Other', true)]
      const meeting = await product.create(host)
      const heard = (await lobby.come(gast, meeting)).participantId
      expect(heard).toBeTruthy()
      const [kept, spare] = [await roomToken(gast, meeting), await product.joinByCode(gast, meeting.code)]
      await lobby.post(host, meeting, 'kick', { userId: gast.id, ban: true })
      for (const { roomToken: token } of [kept.body, spare.body])
        await expect(lobby.redeem(gast, token)).rejects.toMatchObject({ code: 'room-token-invalid' })
      expect((await product.joinByCode(gast, meeting.code, { displayName: 'New name' })).body.code).toBe(
        'removed-from-meeting',
      )
      expect((await roomToken(gast, meeting)).body.code).toBe('removed-from-meeting')
      expect((await product.joinByCode(other, meeting.code)).status).toBe(200)
      const bans = `/v1/meetings/${meeting.id}/bans`
      const listed = await product.call<{ items: object[] }>('GET', bans, { as: host })
      expect(listed.body.items).toMatchObject([{ userId: gast.id, name: 'Gast', bannedBy: host.id }])
      const unban = () => product.call('DELETE', `${bans}/${gast.id}`, { as: host })
      expect([(await unban()).status, (await unban()).status]).toEqual([204, 404])
      expect((await lobby.come(gast, meeting)).admission).toBe('wait')
    })

    it('S16 a token issued during a ban is refused at the door, and a banned user who got in is removed again', async () => {
      const [host, eve] = [product.user(), product.user('Eve')]
      const meeting = await product.create(host)
      const { roomToken: token } = (await product.joinByCode(eve, meeting.code)).body
      const [row] = await product.db.selectFrom('room_tokens').selectAll().where('user_id', '=', eve.id).execute()
      await kick(host, meeting, eve, true)
      if (row !== undefined) await product.db.insertInto('room_tokens').values(row).execute()
      await expect(lobby.redeem(eve, token)).rejects.toMatchObject({ code: 'removed-from-meeting' })
      await product.fact('joined', meeting, eve)
      const told = { kind: 'remove', userId: eve.id, reason: 'banned' }
      await eventually(() => expect(product.toldTo(meeting.id)).toMatchObject([told, told]))
    })

    it('M10 a host removes a user from the lobby, and the user is told', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const meeting = await product.create(host, { settings: { waitingRoom: true } })
      const versions = await hearLobby(world, meeting.id)
      const { participantId } = await lobby.come(ann, meeting)
      const removal = { meetingId: meeting.id, by: host.id, userId: ann.id, ban: true }
      await request(product.bus, meetingsBus.remove, removal)
      expect(await lobby.decided(meeting, participantId)).toMatchObject({ admitted: false, reason: 'removed' })
      await eventually(() => expect(versions).toEqual([1, 2]))
    })

    it('R6 M10 a removal that is told again before the room heard of it still says who removed them', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      for (const ban of [true, false]) {
        const meeting = await product.create(host)
        await lobby.come(ann, meeting)
        product.loseSignaling()
        expect((await kick(host, meeting, ann, ban)).status).toBe(204)
        const waiting = () =>
          product.db.selectFrom('outbox').selectAll().where('meeting_id', '=', meeting.id).orderBy('seq').execute()
        const removal = async () => (await waiting()).find(({ command }) => command.kind === 'remove')
        // By then it is tried so seldom that the next try is not now.
        await eventually(async () => expect(await removal()).toMatchObject({ leased_until: null, attempts: 3 }), 15_000)
        // The room has told of her coming in, and meetings hears of it only now.
        await product.fact('joined', meeting, ann)
        await eventually(async () => expect((await removal())?.command).toMatchObject({ seq: 2 }), 15_000)
        await product.findSignaling()
        const reason = ban ? 'banned' : 'removed'
        const told = { kind: 'remove', userId: ann.id, by: host.id, reason }
        await eventually(() => expect(product.toldTo(meeting.id).at(-1)).toEqual(told), 15_000)
      }
    })

    it('M10 roles last: a cohost leads on the next entry too, and no longer once demoted', async () => {
      const [host, bob] = [product.user(), product.user('Bob')]
      const meeting = await product.create(host, { settings: { waitingRoom: true } })
      expect((await setRole(host, meeting, bob, 'cohost')).status).toBe(404)
      const { participantId } = await lobby.come(bob, meeting)
      expect((await setRole(host, meeting, bob, 'cohost')).status).toBe(404)
      await lobby.post(host, meeting, 'lobby/admit', { participantId })
      expect((await setRole(host, meeting, bob, 'cohost')).body).toEqual({ userId: bob.id, role: 'cohost' })
      expect(await lobby.come(bob, meeting)).toMatchObject({ role: 'cohost', admission: 'enter' })
      expect((await lobby.queue(bob, meeting)).items).toEqual([])
      const change = { meetingId: meeting.id, by: host.id, userId: bob.id, role: 'participant' } as const
      await request(product.bus, meetingsBus.setRole, change)
      expect(await lobby.come(bob, meeting)).toMatchObject({ role: 'participant', admission: 'enter' })
      expect(await lobby.queue(bob, meeting)).toMatchObject({ code: 'forbidden' })
      const access = await request(product.bus, meetingsBus.access, { meetingId: meeting.id, userId: bob.id })
      expect(access.role).toBe('participant')
      await eventually(() =>
        expect(product.toldTo(meeting.id)).toEqual([
          { kind: 'role', userId: bob.id, role: 'cohost' },
          { kind: 'role', userId: bob.id, role: 'participant' },
        ]),
      )
    })

    it('M10 the host hands over: the new one is host everywhere, the old one cohost', async () => {
      const [ann, bob, gast] = [product.user('Ann'), product.user('Bob'), product.user('Gast', true)]
      const meeting = await product.create(ann)
      for (const as of [ann, bob, gast]) await lobby.come(as, meeting)
      const handOver = (as: TestUser, whom: TestUser) => lobby.post<Meeting>(as, meeting, 'host', { userId: whom.id })
      expect((await handOver(bob, bob)).body.code).toBe('forbidden')
      expect((await handOver(ann, gast)).body.code).toBe('forbidden')
      expect((await handOver(ann, product.user())).body.code).toBe('not-found')
      const late = (await roomToken(ann, meeting)).body.roomToken
      expect((await handOver(ann, bob)).body).toMatchObject({ hostId: bob.id, version: 2 })
      expect((await lobby.redeem(ann, late)).role).toBe('cohost')
      expect((await lobby.come(bob, meeting)).role).toBe('host')
      expect((await handOver(ann, bob)).body.code).toBe('forbidden')
      expect((await lobby.post(ann, meeting, 'end')).body.code).toBe('forbidden')
      expect((await kick(ann, meeting, bob)).body.code).toBe('forbidden')
      await eventually(() =>
        expect(product.toldTo(meeting.id)).toMatchObject([
          { kind: 'meeting-updated', meeting: { hostId: bob.id, version: 2 } },
          { kind: 'role', userId: bob.id, role: 'host' },
          { kind: 'role', userId: ann.id, role: 'cohost' },
        ]),
      )
      expect((await lobby.post(bob, meeting, 'end')).status).toBe(200)
      const { items } = (await product.call<{ items: Meeting[] }>('GET', '/v1/meetings', { as: ann })).body
      expect(items.map(({ id }) => id)).toEqual([meeting.id])
    })

    it('M10 leaving lets go of the room and of the place in the lobby', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const meeting = await product.create(host, { settings: { waitingRoom: true } })
      await lobby.come(ann, meeting)
      expect((await lobby.post(product.user(), meeting, 'leave')).status).toBe(404)
      expect((await lobby.post(ann, meeting, 'leave')).status).toBe(204)
      expect((await lobby.queue(host, meeting)).items).toEqual([])
      const told = { kind: 'remove', userId: ann.id, reason: 'left' }
      await eventually(() => expect(product.toldTo(meeting.id)).toEqual([told]))
    })

    it('M10 a leave that reaches signaling late does not remove a user who has come back', async () => {
      const [host, bob] = [product.user(), product.user('Bob')]
      const meeting = await product.create(host)
      await lobby.come(bob, meeting)
      product.loseSignaling()
      await lobby.post(bob, meeting, 'leave')
      const waiting = () => product.db.selectFrom('outbox').selectAll().where('meeting_id', '=', meeting.id).execute()
      // By then it is tried so seldom that the next try is not now.
      await eventually(async () => expect(await waiting()).toMatchObject([{ leased_until: null, attempts: 3 }]), 8000)
      const back = await lobby.come(bob, meeting)
      expect(back.admission).toBe('enter')
      // Their seat takes no notice of it: it was written down before they were let in again.
      const [late] = await waiting()
      expect(late?.command).toMatchObject({ kind: 'remove', seq: back.asOf })
      await product.findSignaling()
    })

    it('S21 M9 M10 M15 the matrix of the new routes: host, cohost, participant, stranger, guest, nobody', async () => {
      const [host, cohost, member, stranger] = ['Host', 'Cohost', 'Member', 'Stranger'].map((name) =>
        product.user(name),
      )
      const guest = product.user('Gast', true)
      if (!host || !cohost || !member || !stranger) throw new Error('nobody is there')
      const meeting = await product.create(host)
      for (const as of [cohost, member, guest]) await lobby.come(as, meeting)
      await setRole(host, meeting, cohost, 'cohost')
      const somebody = product.user().id
      const rows: [string, string, object | undefined, number[]][] = [
        ['GET', 'lobby', undefined, [200, 200, 403, 404, 403, 401]],
        ['POST', 'lobby/admit', { participantId: somebody }, [404, 404, 403, 404, 403, 401]],
        ['POST', 'lobby/reject', { participantId: somebody }, [404, 404, 403, 404, 403, 401]],
        ['POST', 'lobby/admit-all', {}, [200, 200, 403, 404, 403, 401]],
        ['GET', 'bans', undefined, [200, 200, 403, 404, 403, 401]],
        ['DELETE', `bans/${somebody}`, undefined, [404, 404, 403, 404, 403, 401]],
        ['POST', 'kick', { userId: somebody }, [404, 404, 403, 404, 403, 401]],
        ['POST', 'kick', { userId: host.id }, [403, 403, 403, 404, 403, 401]],
        ['POST', 'kick', { userId: cohost.id }, [204, 403, 403, 404, 403, 401]],
        ['GET', 'tokens', undefined, [200, 200, 403, 404, 403, 401]],
        ['POST', 'tokens', {}, [201, 201, 403, 404, 403, 401]],
        ['POST', 'tokens', { role: 'cohost' }, [201, 403, 403, 404, 403, 401]],
        ['DELETE', `tokens/${somebody}`, undefined, [404, 404, 403, 404, 403, 401]],
        ['PUT', `participants/${member.id}/role`, { role: 'participant' }, [200, 403, 403, 404, 403, 401]],
        ['POST', 'host', { userId: somebody }, [404, 403, 403, 404, 403, 401]],
        ['POST', 'leave', {}, [204, 204, 204, 404, 204, 401]],
        ['PUT', 'schedule', { scheduledAt: '2020-01-01T00:00:00.000Z' }, [428, 403, 403, 404, 403, 401]],
        ['POST', 'cancel', {}, [200, 403, 403, 404, 403, 401]],
        ['DELETE', '', undefined, [204, 403, 403, 404, 403, 401]],
      ]
      for (const [method, path, body, expected] of rows) {
        const statuses: number[] = []
        // From nobody to the host, whose call may change who is who.
        for (const as of [undefined, guest, stranger, member, cohost, host]) {
          const url = `/v1/meetings/${meeting.id}${path === '' ? '' : '/'}${path}`
          const { status } = await product.call(method, url, { ...(as ? { as } : {}), body })
          statuses.unshift(status)
        }
        expect([method, path, statuses]).toEqual([method, path, expected])
        const [made] = statuses
        if (made === 204 && path === 'kick') {
          const { participantId } = await lobby.come(cohost, meeting)
          await lobby.post(host, meeting, 'lobby/admit', { participantId })
          await setRole(host, meeting, cohost, 'cohost')
        }
      }
    })
  })
