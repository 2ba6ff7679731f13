import { meetingsBus, type Meeting } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLobby, hearLobby } from '../testing/lobby.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const waitingRoom = { settings: { waitingRoom: true } }

/** The people in the lobby when the meeting changes. */
export const waitingRoomSuite = (open: OpenWorld) =>
  describe('a changed meeting and its lobby', () => {
    let world: TestWorld
    let product: Product
    let lobby: ReturnType<typeof createLobby>
    /** Waits until meetings has taken the facts about these users. */
    const taken = (meeting: Meeting, users: readonly TestUser[]): Promise<void> =>
      eventually(async () => {
        const ids = users.map(({ id }) => id)
        const stays = product.db.selectFrom('attendance').select('id').where('meeting_id', '=', meeting.id)
        expect(await stays.where('user_id', 'in', ids).execute()).toHaveLength(ids.length)
      }, 15_000)
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

    const change = (as: TestUser, { id }: { id: string }, body: object) =>
      product.call('PATCH', `/v1/meetings/${id}`, { as, body })
    const switchOff = (as: TestUser, meeting: { id: string }) =>
      change(as, meeting, { settings: { waitingRoom: false } })

    it('M15 switching the waiting room off admits everybody in the lobby, each once, and the room hears of it', async () => {
      const [host, ann, gast] = [product.user(), product.user('Ann'), product.user('Gast', true)]
      const meeting = await product.create(host, waitingRoom)
      const [a, g] = [await lobby.come(ann, meeting), await lobby.come(gast, meeting)]
      const heard = await hearLobby(world, meeting.id)
      expect((await switchOff(host, meeting)).status).toBe(200)
      const { lobby: left, decided, lv } = await lobby.state(meeting, a.participantId, g.participantId)
      expect(left).toEqual([])
      expect(decided).toMatchObject([
        { participantId: a.participantId, admitted: true, grant: { role: 'participant', admission: 'enter' } },
        { participantId: g.participantId, admitted: true, grant: { role: 'guest', admission: 'enter' } },
      ])
      expect(lv).toBe(3)
      await eventually(() => expect(heard).toEqual([3]))
      await switchOff(host, meeting)
      expect((await lobby.state(meeting)).lv).toBe(3)
    })

    it('M15 a person who was admitted by switching it off stays admitted when it is on again', async () => {
      const [host, ann, bob] = [product.user(), product.user('Ann'), product.user('Bob')]
      const meeting = await product.create(host, waitingRoom)
      await lobby.come(ann, meeting)
      await switchOff(host, meeting)
      await change(host, meeting, waitingRoom)
      expect((await lobby.come(ann, meeting)).admission).toBe('enter')
      expect((await lobby.come(bob, meeting)).admission).toBe('wait')
    })

    it('M15 M10 a person who was removed still waits for somebody to decide', async () => {
      const [host, ann, bob] = [product.user(), product.user('Ann'), product.user('Bob')]
      const meeting = await product.create(host, waitingRoom)
      await product.fact('joined', meeting, ann)
      await eventually(async () =>
        expect((await lobby.post(host, meeting, 'kick', { userId: ann.id })).status).toBe(204),
      )
      const [a, b] = [await lobby.come(ann, meeting), await lobby.come(bob, meeting)]
      await switchOff(host, meeting)
      const { lobby: left, decided } = await lobby.state(meeting, a.participantId, b.participantId)
      expect(left.map(({ name }) => name)).toEqual(['Ann'])
      expect(decided).toMatchObject([{ participantId: b.participantId, admitted: true }])
      expect((await lobby.come(ann, meeting)).admission).toBe('wait')
    })

    it('M15 a room token from while it was on leads in once it is off, and nobody is left behind by the race', async () => {
      const host = product.user()
      const users = Array.from({ length: 12 }, (_, n) => product.user(`p${n}`))
      const meeting = await product.create(host, waitingRoom)
      const early = await Promise.all(users.slice(0, 4).map((as) => product.joinByCode(as, meeting.code)))
      const [late] = await Promise.all([
        Promise.all(users.slice(4).map((as) => product.joinByCode(as, meeting.code))),
        switchOff(host, meeting),
      ])
      const tokens = [...early, ...late].map(({ body }) => body.roomToken)
      const grants = await Promise.all(users.map((as, n) => lobby.redeem(as, tokens[n] ?? '')))
      expect(grants.map(({ admission }) => admission)).toEqual(Array(12).fill('enter'))
      expect((await lobby.queue(host, meeting)).items).toEqual([])
    })

    it('M6 R7 an update that found no room is sent again when the first participant brings an older snapshot', async () => {
      const host = product.user('Host')
      const [changed, same] = [await product.create(host), await product.create(host)]
      await change(host, changed, { title: 'Renamed' })
      const versions = () =>
        product.toldTo(changed.id).map((told) => told.kind === 'meeting-updated' && told.meeting.version)
      await eventually(() => expect(versions()).toEqual([2]))
      for (const meeting of [changed, same]) await product.fact('joined', meeting, host, { role: 'host' })
      await eventually(() => expect(versions()).toEqual([2, 2]))
      // Nobody of these is alone: `present` counts the host too.
      const [came, left] = [product.user(), product.user()]
      await product.fact('joined', changed, came, { present: 2 })
      await product.fact('left', changed, left, { present: 2 })
      await taken(changed, [came, left])
      expect((await lobby.state(changed)).meeting?.status).toBe('live')
      // Each fact may be taken twice, and tell the room again: always the same.
      expect([new Set(versions()), product.toldTo(same.id)]).toEqual([new Set([2]), []])
    })

    it('M6 R6 a lobby hears of a change and of the end, also while the room is empty', async () => {
      const [host, ann] = [product.user(), product.user('Ann')]
      const meeting = await product.create(host, waitingRoom)
      const { participantId } = await lobby.come(ann, meeting)
      const heard = await hearLobby(world, meeting.id)
      await change(host, meeting, { title: 'Renamed' })
      await eventually(() => expect(heard).toEqual([1]))
      expect(await lobby.state(meeting, participantId)).toMatchObject({
        meeting: { title: 'Renamed', version: 2, status: 'waiting' },
      })
      await lobby.post(host, meeting, 'end')
      await eventually(() => expect(heard).toEqual([1, 1]))
      const ended = await request(product.bus, meetingsBus.lobby, { meetingId: meeting.id, present: [participantId] })
      expect(ended).toMatchObject({ ended: 'host', lobby: [], decided: [{ reason: 'ended' }] })
    })
  })
