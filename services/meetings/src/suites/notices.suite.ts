import { meetingsBus, type Meeting } from '@parley/contracts'
import { subscribe } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

export const noticesSuite = (open: OpenWorld) =>
  describe('what a meeting says in its chat', () => {
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

    /** A meeting under way with these people in it. */
    async function live(host: TestUser, ...others: TestUser[]): Promise<Meeting> {
      const meeting = await product.create(host, { title: 'Plan' })
      for (const who of [host, ...others]) {
        await lobby.come(who, meeting)
        await product.fact('joined', meeting, who)
      }
      const path = `/v1/meetings/${meeting.id}`
      await eventually(async () =>
        expect((await product.call<Meeting>('GET', path, { as: host })).body.status).toBe('live'),
      )
      return meeting
    }
    const change = (as: TestUser, { id }: Meeting, body: object) =>
      product.call<Meeting>('PATCH', `/v1/meetings/${id}`, { as, body })

    it('C3 a new host, a removal, another title and another time are told, in order; other changes are not', async () => {
      const [ann, bob, cy] = [product.user('Ann'), product.user('Bob'), product.user('Cy')]
      const meeting = await live(ann, bob, cy)
      await change(ann, meeting, { title: 'Plan B', description: 'more' })
      await change(ann, meeting, { title: 'Plan B', maxParticipants: 20 })
      const { body } = await product.call<Meeting>('GET', `/v1/meetings/${meeting.id}`, { as: ann })
      const schedule = { scheduledAt: '2027-01-04T09:30:00.000Z', timeZone: 'Europe/Berlin', durationMinutes: 30 }
      const headers = { 'if-match': `"${body.version}"` }
      await product.call('PUT', `/v1/meetings/${meeting.id}/schedule`, { as: ann, body: schedule, headers })
      await lobby.post(ann, meeting, 'kick', { userId: cy.id })
      await lobby.post(ann, meeting, 'kick', { userId: cy.id, ban: true })
      await lobby.post(ann, meeting, 'host', { userId: bob.id })
      await eventually(() =>
        expect(product.saidIn(meeting.id)).toEqual([
          'Ann renamed the meeting to “Plan B”.',
          expect.stringMatching(/^Ann moved the meeting to Monday,? 4 January 2027.* 10:30 \(Europe\/Berlin\)\.$/),
          'Ann removed Cy.',
          'Ann made Bob the host.',
        ]),
      )
      expect(product.systemIn(meeting.id)).toEqual([
        { kind: 'meeting-renamed', data: { by: 'Ann', title: 'Plan B' } },
        {
          kind: 'meeting-moved',
          data: { by: 'Ann', scheduledAt: '2027-01-04T09:30:00.000Z', timeZone: 'Europe/Berlin' },
        },
        { kind: 'person-removed', data: { by: 'Ann', name: 'Cy' } },
        { kind: 'host-changed', data: { by: 'Ann', name: 'Bob' } },
      ])
    })

    it('C3 before a meeting has begun nothing is said', async () => {
      const ann = product.user('Ann')
      const meeting = await product.create(ann, { title: 'Plan' })
      expect((await change(ann, meeting, { title: 'Plan B' })).status).toBe(200)
      await eventually(() => expect(product.toldTo(meeting.id)).toHaveLength(1))
      expect(product.saidIn(meeting.id)).toEqual([])
    })

    it('C3 T7 a notice made while chat is away is sent later, once, and delays no command to the room', async () => {
      const [ann, bob] = [product.user('Ann'), product.user('Bob')]
      const meeting = await live(ann, bob)
      product.loseChat()
      await change(ann, meeting, { title: 'One' })
      await change(ann, meeting, { title: 'Two' })
      await lobby.post(ann, meeting, 'kick', { userId: bob.id })
      await eventually(() =>
        expect(product.toldTo(meeting.id).at(-1)).toMatchObject({ kind: 'remove', userId: bob.id }),
      )
      expect(product.saidIn(meeting.id)).toEqual([])
      // An end makes commands to the room idle; what was said stays said.
      await lobby.post(ann, meeting, 'end')
      await product.findChat()
      await eventually(
        () =>
          expect(product.saidIn(meeting.id)).toEqual([
            'Ann renamed the meeting to “One”.',
            'Ann renamed the meeting to “Two”.',
            'Ann removed Bob.',
          ]),
        10_000,
      )
    })

    it('M10 services that cache permissions hear of a removal and of a new role', async () => {
      const [ann, bob] = [product.user('Ann'), product.user('Bob')]
      const meeting = await live(ann, bob)
      const heard: string[] = []
      const note = ({ userId }: { userId: string }) => void heard.push(userId)
      const subscription = subscribe(world.bus, meetingsBus.accessChanged, {}, note, world.log)
      await subscription.ready()
      await product.call('PUT', `/v1/meetings/${meeting.id}/participants/${bob.id}/role`, {
        as: ann,
        body: { role: 'cohost' },
      })
      await lobby.post(ann, meeting, 'kick', { userId: bob.id })
      await eventually(() => expect(heard).toEqual([bob.id, bob.id]))
      subscription.unsubscribe()
    })
  })
