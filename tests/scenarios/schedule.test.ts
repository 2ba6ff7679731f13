import type { Meeting } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { hintsFor } from '../support/nodes.ts'
import { rest } from '../support/people.ts'
import { startEmbedded, startStack, type Product, type StackFile } from '../support/product.ts'
import { takeSeat, type Seated } from '../support/protocol-socket.ts'

type Started = Product & { file?: StackFile }
const products: [string, () => Promise<Started>][] = [
  ['embedded', startEmbedded],
  ['distributed', () => startStack(['--gateway', '2', '--signaling', '2', '--meetings', '2', '--chat', '2'])],
]
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const waitingRoom = { settings: { waitingRoom: true } }

describe.each(products)('the schedule, %s', (_name, start) => {
  let product: Started
  let hints: (string | undefined)[] = [undefined, undefined]
  let host: Account
  beforeAll(async () => {
    product = await start()
    const nodes = product.file?.signaling ?? []
    if (nodes.length > 0) hints = await hintsFor(nodes, url(0))
    host = await anAccount(url(0), 'Host')
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  const url = (n: number) => product.gateways[n % product.gateways.length] ?? ''
  const sit = (who: Account, meeting: { code: string }, n: number) => takeSeat(url(n), who, meeting, hints[n % 2])
  const plan = (n: number, { id }: Meeting, version: number, body: object, as = host) =>
    rest('PUT', `${url(n)}/v1/meetings/${id}/schedule`, {
      token: as.token,
      body,
      headers: { 'if-match': `"${version}"` },
    })
  const rename = (n: number, { id }: Meeting, version: number, title: string) =>
    rest('PATCH', `${url(n)}/v1/meetings/${id}`, {
      token: host.token,
      body: { title },
      headers: { 'if-match': `"${version}"` },
    })
  const read = ({ id }: Meeting) => callOrThrow<Meeting>(host, 'GET', `${url(1)}/v1/meetings/${id}`)

  /** The versions of the meeting that somebody was told, in the order they heard them. */
  const toldTo = ({ socket }: Seated) =>
    socket.all
      .filter(({ type }) => type === 'meeting.updated')
      .map(({ payload }) => (payload['meeting'] as Meeting).version)
  const hear = ({ socket }: Seated, version: number) =>
    socket.waitFor('meeting.updated', ({ meeting }) => (meeting as Meeting).version === version)

  it('M6 R6 edited while people are in the room and in the lobby, on all nodes: everybody is told the same', async () => {
    const meeting = await createMeeting(url(0), host, waitingRoom)
    const inside = await sit(host, meeting, 0)
    const ben = await sit(await anAccount(url(1), 'Ben'), meeting, 1)
    await inside.socket.ask('lobby.admit', { participantId: ben.id })
    await ben.socket.waitFor('lobby.result')
    const waiting = [
      await sit(await aGuest(url(0), 'Ann'), meeting, 0),
      await sit(await aGuest(url(1), 'Bea'), meeting, 1),
    ]

    const schedule = { scheduledAt: inDays(3), durationMinutes: 45, timeZone: 'Europe/Vienna' }
    const answer = await plan(1, meeting, 1, schedule)
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"'])
    const told = await Promise.all([inside, ben, ...waiting].map((seat) => hear(seat, 2)))
    for (const { payload } of told) expect(payload['meeting']).toMatchObject({ id: meeting.id, ...schedule })
    const [first, second] = told
    expect(first?.payload['v']).toBe(second?.payload['v'])
    expect((await rename(0, meeting, 2, 'Moved')).status).toBe(200)
    for (const seat of [inside, ben, ...waiting]) {
      await hear(seat, 3)
      expect(toldTo(seat)).toEqual([2, 3])
    }
    // A later participant has it, and a late edit by an old version changes nothing.
    expect((await sit(host, meeting, 1)).entered['meeting']).toMatchObject({ title: 'Moved', ...schedule })
    expect((await plan(0, meeting, 2, { scheduledAt: inDays(9) })).body).toMatchObject({ currentVersion: 3 })
  })

  it('M6 R6 when only people in the lobby are there, they are told too, wherever they wait', async () => {
    const meeting = await createMeeting(url(0), host, waitingRoom)
    const waiting = [
      await sit(await aGuest(url(0), 'Ann'), meeting, 0),
      await sit(await aGuest(url(1), 'Bea'), meeting, 1),
    ]
    const scheduledAt = inDays(1)
    expect((await plan(0, meeting, 1, { scheduledAt })).status).toBe(200)
    for (const seat of waiting) expect((await hear(seat, 2)).payload['meeting']).toMatchObject({ scheduledAt })
    expect((await rename(1, meeting, 2, 'Later')).status).toBe(200)
    for (const seat of waiting) {
      await hear(seat, 3)
      expect(toldTo(seat)).toEqual([2, 3])
    }
    // The room begins with what they were told.
    expect((await sit(host, meeting, 1)).entered['meeting']).toMatchObject({ title: 'Later', scheduledAt, version: 3 })
  })

  it('M7 R6 cancelled while only people in the lobby are there: they are told, and closed with 4410', async () => {
    const meeting = await createMeeting(url(0), host, waitingRoom)
    const waiting = [
      await sit(await aGuest(url(0), 'Ann'), meeting, 0),
      await sit(await aGuest(url(1), 'Bea'), meeting, 1),
    ]
    await callOrThrow(host, 'POST', `${url(1)}/v1/meetings/${meeting.id}/cancel`, {})
    for (const { socket } of waiting) {
      expect((await socket.waitForClose()).code).toBe(4410)
      expect(socket.all.filter(({ type }) => type === 'room.ended').map(({ payload }) => payload)).toEqual([
        { reason: 'cancelled' },
      ])
    }
  })

  it('M6 of many updates with the same version one wins, the others get the current version, and nothing is half written', async () => {
    const meeting = await createMeeting(url(0), host, waitingRoom)
    const inside = await sit(host, meeting, 0)
    const cohost = await anAccount(url(0), 'Cohost')
    const seat = await sit(cohost, meeting, 1)
    await inside.socket.ask('lobby.admit', { participantId: seat.id })
    await seat.socket.waitFor('lobby.result')
    expect(await inside.socket.outcome('moderation.role', { participantId: seat.id, role: 'cohost' })).toBe('ack')
    expect((await plan(0, meeting, 1, { scheduledAt: inDays(2) }, cohost)).status).toBe(403)

    for (let version = 1; version <= 5; version++) {
      const plans = Array.from({ length: 12 }, (_, n) => ({
        scheduledAt: inDays(n + 1),
        durationMinutes: 10 + n,
        timeZone: n % 2 === 0 ? 'UTC' : 'Europe/Vienna',
      }))
      const answers = await Promise.all([
        ...plans.map((body, n) => plan(n, meeting, version, body)),
        ...[0, 1, 2, 3].map((n) => rename(n, meeting, version, `Title ${version}.${n}`)),
      ])
      const won = answers.filter(({ status }) => status === 200)
      const lost = answers.filter(({ status }) => status !== 200)
      expect(won).toHaveLength(1)
      for (const { status, body } of lost)
        expect([status, body['code'], body['currentVersion']]).toEqual([409, 'version-conflict', version + 1])
      const { participants: _people, ...now } = (await read(meeting)) as Meeting & { participants: unknown }
      // The link leads to the gateway that was asked.
      expect({ ...now, joinLink: '' }).toEqual({ ...won[0]?.body, joinLink: '' })
      expect(now.version).toBe(version + 1)
      const winner = plans[answers.findIndex(({ status }) => status === 200)]
      if (winner) expect(now).toMatchObject(winner)
      await Promise.all([inside, seat].map((one) => hear(one, version + 1)))
    }
    await eventually(() => {
      for (const one of [inside, seat]) expect(toldTo(one)).toEqual([2, 3, 4, 5, 6])
    })
  })

  it('M6 without a version it is refused, and so is one that was never there', async () => {
    const meeting = await createMeeting(url(0), host)
    const path = `${url(0)}/v1/meetings/${meeting.id}/schedule`
    const body = { scheduledAt: inDays(1) }
    expect((await rest('PUT', path, { token: host.token, body })).body).toMatchObject({ code: 'precondition-required' })
    expect((await plan(1, meeting, 7, body)).body).toMatchObject({ code: 'version-conflict', currentVersion: 1 })
    expect((await read(meeting)).scheduledAt).toBeNull()
  })
})
