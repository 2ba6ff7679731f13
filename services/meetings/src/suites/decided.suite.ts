import { meetingsBus, type Meeting } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createActs } from '../testing/acts.ts'
import { createLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** The state at entry decides, not the state at the request. */
export const decidedSuite = (open: OpenWorld) =>
  describe('decided when it takes effect', () => {
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

    it('X9a a room token from before a setting changed enters by the setting as it is then, and says why not', async () => {
      const [host, guest] = [product.user('Host'), product.user('Gast', true)]
      const rows: [object, object, string][] = [
        [{}, { type: 'invited_only' }, 'not-found'],
        [{}, { settings: { guestsAllowed: false } }, 'guests-not-allowed'],
        [{}, { settings: { waitingRoom: true } }, 'wait'],
        [{}, { passcode: 'another' }, 'passcode-required'],
        [{ passcode: 'first' }, { passcode: 'another' }, 'passcode-required'],
        [{ passcode: 'first' }, { title: 'Renamed' }, 'enter'],
        [{ passcode: 'first' }, { passcode: null }, 'enter'],
        [{ type: 'private' }, { title: 'Renamed' }, 'enter'],
        [{}, { type: 'private' }, 'guests-not-allowed'],
        [{}, { type: 'private', settings: { guestsAllowed: true } }, 'enter'],
      ]
      for (const [before, after, expected] of rows) {
        const meeting = await product.create(host, before)
        const roomToken = await acts.tokenFor(guest, meeting, 'passcode' in before ? { passcode: 'first' } : {})
        await acts.change(host, meeting, after)
        expect([after, await acts.outcome(guest, roomToken)]).toEqual([after, expected])
      }
    })

    it('X9a a user whom the setting puts into the lobby has neither chat nor roster', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host)
      const roomToken = await acts.tokenFor(ann, meeting)
      await acts.change(host, meeting, { settings: { waitingRoom: true } })
      expect(await acts.outcome(ann, roomToken)).toBe('wait')
      expect((await lobby.queue(host, meeting)).items.map(({ name }) => name)).toEqual(['Ann'])
      expect(await acts.access(ann, meeting)).toBe('not-found')
    })

    it('X9a a room token from before an invite was revoked does not let in any more', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host, { type: 'invited_only' })
      const at = new Date(product.clock.now())
      const invite = { meeting_id: meeting.id, meeting_created_at: at, email: null, user_id: ann.id }
      const by = { invited_by: host.id, invited_by_name: 'Host', claimed_by: ann.id, message: null, created_at: at }
      const row = { ...invite, ...by, id: meeting.id, status: 'pending' } as const
      await product.db
        .insertInto('invites')
        .values({ ...row, claimed_by_guest: false })
        .execute()
      const [kept, late] = [await acts.tokenFor(ann, meeting), await acts.tokenFor(ann, meeting)]
      expect(await acts.outcome(ann, kept)).toBe('enter')
      await product.call('DELETE', `/v1/invites/${meeting.id}`, { as: host })
      expect(await acts.outcome(ann, late)).toBe('not-found')
    })

    it('X24 an unused room token gives no membership: it is not renewed once the meeting is invite-only', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host, { type: 'private' })
      await acts.tokenFor(ann, meeting)
      const { roomToken } = await acts.renewed(ann, meeting)
      expect(roomToken).toEqual(expect.any(String))
      expect((await product.call('GET', `/v1/meetings/${meeting.id}`, { as: ann })).status).toBe(404)
      await acts.change(host, meeting, { type: 'invited_only' })
      expect(await acts.renewed(ann, meeting)).toMatchObject({ code: 'not-found' })
      expect(await acts.outcome(ann, roomToken)).toBe('not-found')
      const leave = await product.call('POST', `/v1/meetings/${meeting.id}/leave`, { as: ann, body: {} })
      expect(leave.status).toBe(404)
    })

    it('X24 a spent room token without an entry gives neither chat nor roster, and cannot be renewed', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host)
      const readers = async () =>
        (await request(product.bus, meetingsBus.readers, { meetingId: meeting.id, userIds: [ann.id] })).readers
      await product.comeIn(ann, meeting)
      expect([await acts.access(ann, meeting), await readers()]).toEqual(['participant', [ann.id]])
      product.advance(61_000)
      expect([await acts.access(ann, meeting), await readers()]).toEqual(['not-found', []])
      await acts.change(host, meeting, { type: 'invited_only' })
      expect(await acts.renewed(ann, meeting)).toMatchObject({ code: 'not-found' })
    })

    it('X24 chat ends at once for a spent token that would not enter any more', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host)
      await product.comeIn(ann, meeting)
      await acts.change(host, meeting, { type: 'invited_only' })
      expect(await acts.access(ann, meeting)).toBe('not-found')
    })

    it('X26 X9b the people in a meeting with a passcode are hidden from users whom it keeps out', async () => {
      const [host, eve, ann] = [product.user('Host'), product.user('Eve', true), product.user('Ann')]
      const meeting = await product.create(host, { passcode: 'secret' })
      await product.fact('joined', meeting, host)
      await product.comeIn(ann, meeting, { passcode: 'secret' })
      const look = async (as: TestUser) => {
        const list = await product.call<{ items: object[] }>('GET', `/v1/meetings/${meeting.id}/participants`, { as })
        const { body } = await product.call<{ participants: object[] }>('GET', `/v1/meetings/${meeting.id}`, { as })
        return [list.body.code ?? list.body.items.length, body.participants.length]
      }
      await eventually(async () => expect(await look(ann)).toEqual([1, 1]))
      expect(await look(eve)).toEqual(['passcode-required', 0])
      await lobby.post(host, meeting, 'end')
      expect(await look(eve)).toEqual(['not-admitted', 0])
    })

    it('X9a a person who was admitted from the lobby and enters later is decided on again', async () => {
      const [host, ann, gast] = [product.user('Host'), product.user('Ann'), product.user('Gast', true)]
      const meeting = await product.create(host, { settings: { waitingRoom: true } })
      const [a, g] = [await lobby.come(ann, meeting), await lobby.come(gast, meeting)]
      await lobby.post(host, meeting, 'lobby/admit-all')
      expect(await lobby.decided(meeting, g.participantId)).toMatchObject({ admitted: true, grant: { role: 'guest' } })
      await acts.change(host, meeting, { type: 'invited_only', settings: { guestsAllowed: false } })
      expect(await lobby.decided(meeting, g.participantId)).toMatchObject({ admitted: false, reason: 'rejected' })
      expect(await lobby.decided(meeting, a.participantId)).toMatchObject({ admitted: true })
      await product.db
        .updateTable('members')
        .set({ banned_at: new Date(product.clock.now()), banned_by: host.id })
        .where('user_id', '=', ann.id)
        .execute()
      expect(await lobby.decided(meeting, a.participantId)).toMatchObject({ admitted: false, reason: 'removed' })
    })

    it('X9a switching the waiting room off lets in nobody whom the same change keeps out', async () => {
      const [host, ann, gast] = [product.user('Host'), product.user('Ann'), product.user('Gast', true)]
      const [shut, closed] = [
        await product.create(host, { settings: { waitingRoom: true } }),
        await product.create(host, { settings: { waitingRoom: true } }),
      ]
      for (const meeting of [shut, closed]) for (const as of [ann, gast]) await lobby.come(as, meeting)
      await acts.change(host, shut, { settings: { waitingRoom: false, guestsAllowed: false } })
      await acts.change(host, closed, { type: 'invited_only', settings: { waitingRoom: false } })
      const left = async (meeting: Meeting) => (await lobby.queue(host, meeting)).items.map(({ name }) => name)
      expect([await left(shut), await left(closed)]).toEqual([['Gast'], ['Ann', 'Gast']])
    })

    it('X9a a user who is banned while asking gets no place in the lobby', async () => {
      const [host, eve] = [product.user('Host'), product.user('Eve')]
      const meeting = await product.create(host, { settings: { waitingRoom: true } })
      await product.comeIn(eve, meeting)
      await Promise.all([
        lobby.post(host, meeting, 'kick', { userId: eve.id, ban: true }),
        ...Array.from({ length: 6 }, () => product.joinByCode(eve, meeting.code)),
      ])
      expect((await lobby.queue(host, meeting)).items).toEqual([])
    })

    it('C6 a person who was removed and then leaves is still told that they were removed', async () => {
      const [host, bob] = [product.user('Host'), product.user('Bob')]
      const meeting = await product.create(host)
      await acts.inside(bob, meeting)
      product.loseSignaling()
      await lobby.post(host, meeting, 'kick', { userId: bob.id })
      await lobby.post(bob, meeting, 'leave')
      await product.findSignaling()
      await eventually(
        () => expect(product.toldTo(meeting.id)).toMatchObject([{ kind: 'remove', reason: 'removed' }]),
        8_000,
      )
    })
  })
