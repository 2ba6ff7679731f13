import { chatBus, type Meeting, type MeetingStats } from '@parley/contracts'
import { respond } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccounts } from '../testing/accounts.ts'
import { startProduct, type TestUser, type Product } from '../testing/product.ts'
import { readCalendar } from '../testing/read-calendar.ts'
import type { OpenWorld, TestWorld } from '../testing/world.ts'

const minute = 60_000

export const statsSuite = (open: OpenWorld) =>
  describe('stats', () => {
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
    const get = <T>(as: TestUser | undefined, { id }: Meeting, what: string) =>
      product.call<T>('GET', `/v1/meetings/${id}/${what}`, as === undefined ? {} : { as })
    const stats = async (as: TestUser, meeting: Meeting) => (await get<MeetingStats>(as, meeting, 'stats')).body
    const stay = async (meeting: Meeting, who: TestUser) => {
      const { participantId } = await product.fact('joined', meeting, who)
      return {
        leave: (present = 1) => product.fact('left', meeting, who, { participantId, present }),
        again: () => product.fact('joined', meeting, who, { participantId }),
      }
    }

    it('M13 tells how long, how many, who, and how many messages', async () => {
      const [host, bob] = [product.user('Host'), product.user('=Bob')]
      const meeting = await product.create(host)
      expect(await stats(host, meeting)).toEqual({
        durationSeconds: 0,
        peakParticipants: 0,
        joins: 0,
        uniqueParticipants: 0,
        messages: null,
        attendance: [],
      })
      const one = await stay(meeting, host)
      product.advance(5 * minute)
      const two = await stay(meeting, bob)
      product.advance(5 * minute)
      await two.leave()
      product.advance(10 * minute)
      await two.again()
      product.advance(minute)
      await two.leave()
      await one.leave()
      const chat = respond(world.bus, chatBus.head, 'chat', async () => ({ seq: 7 }), world.log)
      await chat.ready()
      await eventually(async () => {
        const { attendance, durationSeconds, ...numbers } = await stats(host, meeting)
        expect(numbers).toEqual({ peakParticipants: 2, joins: 3, uniqueParticipants: 2, messages: 7 })
        expect(attendance.map(({ name, joins }) => [name, joins])).toEqual([
          ['Host', 1],
          ['=Bob', 2],
        ])
        for (const [index, minutes] of [21, 6].entries())
          expect(Math.abs((attendance[index]?.totalSeconds ?? 0) - minutes * 60)).toBeLessThanOrEqual(3)
        expect(durationSeconds).toBeGreaterThanOrEqual(21 * 60)
      })
      chat.unsubscribe()
      expect((await stats(host, meeting)).messages).toBeNull()
      const csv = await get<string>(host, meeting, 'attendance.csv')
      expect([csv.headers.get('content-type'), csv.headers.get('content-disposition')]).toEqual([
        'text/csv; charset=utf-8',
        `attachment; filename="attendance-${meeting.code}.csv"`,
      ])
      const [head, first, second] = csv.body.split('\r\n')
      expect(head).toContain('userId,name,role,firstJoinedAt,lastLeftAt,totalSeconds,joins')
      expect(first).toMatch(new RegExp(`^${host.id},Host,host,\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z,`))
      expect(second?.startsWith(`${bob.id},'=Bob,`)).toBe(true)
    })

    it('S21 the roles that see the numbers, the attendance and the calendar', async () => {
      const [host, cohost, member, gone, invited, stranger] = Array.from({ length: 6 }, () => product.user()) as [
        TestUser,
        TestUser,
        TestUser,
        TestUser,
        TestUser,
        TestUser,
      ]
      const guest = product.user('Gast', true)
      const meeting = await product.create(host, { type: 'private' })
      await product.fact('joined', meeting, cohost, { role: 'cohost' })
      await (await stay(meeting, gone)).leave()
      for (const who of [member, guest]) await product.fact('joined', meeting, who)
      const accounts = await createAccounts(world)
      accounts.of(invited)
      const invites = `/v1/meetings/${meeting.id}/invites`
      expect((await product.call('POST', invites, { as: host, body: { userId: invited.id } })).status).toBe(201)
      accounts.lose()
      await eventually(async () => expect((await get(guest, meeting, 'calendar.ics')).status).toBe(200))
      const row = async (what: string) => {
        const statuses: number[] = []
        for (const as of [host, cohost, member, gone, invited, stranger, guest, undefined])
          statuses.push((await get(as, meeting, what)).status)
        return statuses
      }
      expect([await row('stats'), await row('attendance.csv'), await row('calendar.ics')]).toEqual([
        [200, 200, 403, 403, 403, 404, 403, 401],
        [200, 200, 403, 403, 403, 404, 403, 401],
        [200, 200, 200, 200, 200, 404, 200, 401],
      ])
    })

    it('M16 the calendar file is one that calendar programs read', async () => {
      const host = product.user('Host')
      // iCalendar knows whole seconds.
      const scheduledAt = new Date(Math.floor(Date.now() / minute + 30 * 24 * 60) * minute).toISOString()
      const meeting = await product.create(host, {
        title: 'Plan',
        scheduledAt,
        timeZone: 'Europe/Berlin',
        durationMinutes: 90,
      })
      const { headers, body } = await get<string>(host, meeting, 'calendar.ics')
      expect([headers.get('content-type'), headers.get('content-disposition')]).toEqual([
        'text/calendar; charset=utf-8',
        `attachment; filename="meeting-${meeting.code}.ics"`,
      ])
      expect(readCalendar(body)).toMatchObject({
        method: 'PUBLISH',
        uid: meeting.id,
        start: new Date(scheduledAt),
        end: new Date(Date.parse(scheduledAt) + 90 * minute),
        zone: 'Europe/Berlin',
        url: meeting.joinLink,
      })
    })
  })
