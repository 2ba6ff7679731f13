import { meetingsBus, type Attendance, type Meeting, type RosterEntry } from '@parley/contracts'
import { request, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createActs } from '../testing/acts.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

/** Commands have a place in order. A room that may not know the stored state is told it again. */
export const numbersSuite = (open: OpenWorld) =>
  describe('numbered commands', () => {
    let world: TestWorld
    let product: Product
    let acts: ReturnType<typeof createActs>
    beforeAll(async () => {
      world = await open()
      product = await startProduct(world)
      acts = createActs(product)
    })
    afterAll(async () => {
      await product.stop()
      await world.close()
    })

    const rename = (as: TestUser, { id }: Meeting, title: string) =>
      product.call('PATCH', `/v1/meetings/${id}`, { as, body: { title } })
    const post = (as: TestUser, { id }: Meeting, path: string, body: object = {}) =>
      product.call('POST', `/v1/meetings/${id}/${path}`, { as, body })
    const stays = async (as: TestUser, { id }: Meeting) => {
      const path = `/v1/meetings/${id}/participants`
      const { items } = (await product.call<{ items: Attendance[] }>('GET', path, { as })).body
      return items.map(({ name, leftAt }) => [name, leftAt === null]).toSorted()
    }
    const seatOf = (who: TestUser, more: Partial<RosterEntry> = {}): RosterEntry => ({
      participantId: newId(),
      userId: who.id,
      name: who.name,
      role: who.guest ? 'guest' : 'participant',
      joinedAt: new Date(product.clock.now()).toISOString(),
      ...more,
    })

    it('C5 the commands to a room are numbered without gap, each meeting for itself, also of many at once', async () => {
      const host = product.user('Host')
      const [one, other] = [await product.create(host), await product.create(host)]
      for (const [n, title] of ['a', 'b', 'c'].entries()) {
        await rename(host, one, title)
        await eventually(() => expect(product.numbersTo(one.id)).toHaveLength(n + 1))
      }
      expect(product.numbersTo(one.id)).toEqual([1, 2, 3])
      await Promise.all(Array.from({ length: 5 }, (_, n) => rename(host, other, `t${n}`)))
      await eventually(() => expect(product.numbersTo(other.id).at(-1)).toBe(5))
      const numbers = product.numbersTo(other.id)
      expect(numbers).toEqual([...new Set(numbers)].toSorted())
    })

    it('C5 X7b a grant says up to which command it knows, and the same attempt is decided on anew', async () => {
      const [host, carl] = [product.user('Host'), product.user('Carl')]
      const meeting = await product.create(host)
      await product.comeIn(carl, meeting)
      await acts.setRole(host, meeting, carl, 'cohost')
      const { roomToken } = (await product.joinByCode(carl, meeting.code)).body
      const attempt = newId()
      const redeem = () => request(product.bus, meetingsBus.redeem, { roomToken, userId: carl.id, attempt })
      expect(await redeem()).toMatchObject({ role: 'cohost', asOf: 1 })
      await acts.setRole(host, meeting, carl, 'participant')
      const again = await redeem()
      expect(again).toMatchObject({ role: 'participant', asOf: 2 })
      await product.call('PATCH', `/v1/meetings/${meeting.id}`, {
        as: host,
        body: { settings: { waitingRoom: true } },
      })
      expect(await redeem()).toMatchObject({ participantId: again.participantId, admission: 'enter', asOf: 3 })
      await product.call('PATCH', `/v1/meetings/${meeting.id}`, { as: host, body: { type: 'invited_only' } })
      await post(host, meeting, 'end')
      await expect(redeem()).rejects.toMatchObject({ code: 'meeting-over' })
    })

    it('C5 a grant from the lobby has the number of the newest command, so an earlier removal does not apply', async () => {
      const [host, ann] = [product.user('Host'), product.user('Ann')]
      const meeting = await product.create(host)
      await product.comeIn(ann, meeting)
      product.loseSignaling()
      await post(host, meeting, 'kick', { userId: ann.id })
      const { participantId, admission, asOf } = await product.comeIn(ann, meeting)
      expect([admission, asOf]).toEqual(['wait', 1])
      await post(host, meeting, 'lobby/admit', { participantId })
      const { decided } = await request(product.bus, meetingsBus.lobby, {
        meetingId: meeting.id,
        present: [participantId],
      })
      expect(decided).toMatchObject([{ admitted: true, grant: { asOf: 1, admission: 'enter' } }])
      await product.findSignaling()
      await eventually(() => expect(product.numbersTo(meeting.id)).toEqual([1]), 8_000)
    })

    it('X7b X7d a participant who came in with an outdated role gets the current one', async () => {
      const [ann, bob, carl] = [product.user('Ann'), product.user('Bob'), product.user('Carl')]
      const meeting = await product.create(ann)
      for (const as of [bob, carl]) await product.comeIn(as, meeting)
      await acts.setRole(ann, meeting, carl, 'cohost')
      await acts.setRole(ann, meeting, carl, 'participant')
      await post(ann, meeting, 'host', { userId: bob.id })
      const roles = () => product.toldTo(meeting.id).flatMap((told) => (told.kind === 'role' ? [told] : []))
      await eventually(() => expect(roles().at(-1)).toMatchObject({ userId: ann.id, role: 'cohost' }))
      const before = roles().length
      await product.fact('joined', meeting, carl, { role: 'cohost', present: 2 })
      await product.fact('joined', meeting, ann, { role: 'host', present: 3 })
      await eventually(() => expect(roles()).toHaveLength(before + 2))
      expect(roles().slice(before)).toEqual([
        { kind: 'role', userId: carl.id, role: 'participant' },
        { kind: 'role', userId: ann.id, role: 'cohost' },
      ])
      await product.fact('joined', meeting, bob, { role: 'host', present: 4 })
      await eventually(async () => expect(await stays(bob, meeting)).toHaveLength(3))
      expect(roles()).toHaveLength(before + 2)
    })

    it('C4b a restored room gets the stored decisions again, with new numbers', async () => {
      const [host, carl, eve] = [product.user('Host'), product.user('Carl'), product.user('Eve', true)]
      const meeting = await product.create(host)
      for (const as of [carl, eve]) await product.comeIn(as, meeting)
      await acts.setRole(host, meeting, carl, 'cohost')
      await post(host, meeting, 'kick', { userId: eve.id, ban: true })
      await eventually(() => expect(product.numbersTo(meeting.id)).toEqual([1, 2]))
      const roster = [seatOf(host, { role: 'host' }), seatOf(carl), seatOf(eve), seatOf(product.user('Ann'))]
      await product.restored(meeting, roster)
      await eventually(() => expect(product.toldTo(meeting.id)).toHaveLength(5))
      expect(product.toldTo(meeting.id).slice(2)).toMatchObject([
        { kind: 'meeting-updated', meeting: { id: meeting.id, status: 'live' } },
        { kind: 'remove', userId: eve.id, reason: 'banned' },
        { kind: 'role', userId: carl.id, role: 'cohost' },
      ])
      expect(product.numbersTo(meeting.id)).toEqual([1, 2, 3, 4, 5])
      expect(await stays(host, meeting)).toEqual([
        ['Ann', true],
        ['Carl', true],
        ['Eve', true],
        ['Host', true],
      ])
    })

    it('C1 a restored room of a meeting that is over is told to end', async () => {
      const host = product.user('Host')
      const meeting = await product.create(host)
      await post(host, meeting, 'end')
      await eventually(() => expect(product.toldTo(meeting.id)).toHaveLength(1))
      await product.restored(meeting, [seatOf(host, { role: 'host' })])
      const end = { kind: 'end', reason: 'host' }
      await eventually(() => expect(product.toldTo(meeting.id)).toEqual([end, end]))
      expect(product.numbersTo(meeting.id)).toEqual([1, 2])
    })

    it('C8 a fact that is given again ends the stay of nobody who came since', async () => {
      const [first, second] = [product.user('First'), product.user('Second')]
      const meeting = await product.create(first)
      const fact = await product.fact('joined', meeting, first)
      // By a node whose reading of the store's clock is a little behind.
      const at = new Date(Date.parse(fact.at) - 200).toISOString()
      await product.fact('joined', meeting, second, { at, present: 2 })
      product.advance(1_000)
      await product.fact('joined', meeting, first, fact)
      await product.fact('left', meeting, first, { participantId: fact.participantId, present: 1 })
      const after = [
        ['First', false],
        ['Second', true],
      ]
      await eventually(async () => expect(await stays(first, meeting)).toEqual(after))
    })

    it('C8 T32 the first participant of an empty room ends the open stays of the others, whose facts were lost', async () => {
      const [gone, back] = [product.user('Gone'), product.user('Back')]
      const meeting = await product.create(gone)
      await product.fact('joined', meeting, gone)
      await product.fact('joined', meeting, back, { present: 2 })
      product.advance(1_000)
      await product.fact('joined', meeting, back, { present: 1 })
      await eventually(async () =>
        expect(await stays(gone, meeting)).toEqual([
          ['Back', false],
          ['Back', true],
          ['Gone', false],
        ]),
      )
    })

    it('C1 a restoration ends the stays of absent participants, opens those whose facts were lost, and may be repeated', async () => {
      const [host, gone, back] = [product.user('Host'), product.user('Gone'), product.user('Back')]
      const [fresh, unheard] = [product.user('Fresh'), product.user('Unheard')]
      const meeting = await product.create(host)
      const participantId = newId()
      await product.fact('joined', meeting, gone)
      await product.fact('joined', meeting, back, { participantId, present: 2 })
      await product.fact('left', meeting, back, { participantId, present: 1 })
      product.advance(60_000)
      await product.fact('joined', meeting, fresh, { present: 2 })
      product.advance(1_000)
      const fact = await product.restored(meeting, [seatOf(back, { participantId }), seatOf(unheard)])
      const after = [
        ['Back', true],
        ['Fresh', false],
        ['Gone', false],
        ['Unheard', true],
      ]
      await eventually(async () => expect(await stays(host, meeting)).toEqual(after))
      product.advance(1_000)
      await product.fact('left', meeting, back, { participantId, present: 2 })
      await product.restored(meeting, fact.people, fact)
      await product.fact('joined', meeting, host, { present: 3 })
      await eventually(async () =>
        expect(await stays(host, meeting)).toEqual([['Back', false], ...after.slice(1, 3), ['Host', true], after[3]]),
      )
    })
  })
