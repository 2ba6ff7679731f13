import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JoinDetails, Meeting, Participant, ParticipantEntry } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, roomTokenFor, type Account } from '../support/accounts.ts'
import { GuestBrowser } from '../support/guest-browser.ts'
import { hintsFor } from '../support/nodes.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded, startStack, type Product, type StackFile } from '../support/product.ts'
import { ProtocolSocket, takeSeat, type Seated } from '../support/protocol-socket.ts'

type Started = Product & { file?: StackFile }
const products: [string, () => Promise<Started>][] = [
  ['embedded', startEmbedded],
  ['distributed', () => startStack(['--gateway', '2', '--signaling', '2', '--meetings', '2', '--chat', '2'])],
]
/** The promise: from here on nothing that they hold lets them in. */
const promisedMs = 1_000
const device = { mic: false, cam: false }

describe.each(products)('a removed participant, %s', (_name, start) => {
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
  const everywhere = <T>(attempt: (gateway: string, hint: string | undefined) => Promise<T>): Promise<T[]> =>
    Promise.all([0, 1].flatMap((g) => [0, 1].map((n) => attempt(url(g), hints[n]))))
  const kick = (meeting: Meeting, { id: userId }: Account, ban: boolean) =>
    callOrThrow(host, 'POST', `${url(1)}/v1/meetings/${meeting.id}/kick`, { userId, ban })
  const joinToken = async (meeting: Meeting) =>
    (
      await callOrThrow<{ joinToken: string }>(host, 'POST', `${url(0)}/v1/meetings/${meeting.id}/tokens`, {
        uses: 10,
      })
    ).joinToken
  const rosterOf = async (meeting: Meeting) =>
    (await callOrThrow<{ participants: { name: string }[] }>(host, 'GET', `${url(0)}/v1/meetings/${meeting.id}`))
      .participants

  /** The problem codes of every way in by REST, on every gateway. */
  const byRest = async (
    { token }: Account,
    { id, code }: Meeting,
    joinTokens: readonly string[],
  ): Promise<unknown[]> => {
    const ways: [string, object][] = [
      [`/v1/meetings/join`, { code }],
      [`/v1/meetings/join`, { code, displayName: 'Somebody else' }],
      [`/v1/meetings/${id}/room-token`, {}],
      ...joinTokens.map((held): [string, object] => ['/v1/meetings/join', { joinToken: held }]),
    ]
    const answers = await Promise.all(
      ways.flatMap(([path, body]) => [0, 1].map((g) => rest('POST', `${url(g)}${path}`, { token, body }))),
    )
    return [...new Set(answers.map(({ body }) => body['code'] ?? 'let in'))]
  }
  /** The outcomes of every way in by the socket, on every gateway and node. */
  const bySocket = async (who: Account, type: string, payload: object): Promise<string[]> => {
    const outcomes = await everywhere(async (gateway, hint) => {
      const socket = await ProtocolSocket.open(gateway, who.token, hint)
      const outcome = await socket.outcome(type, payload)
      socket.drop()
      return outcome
    })
    return [...new Set(outcomes)]
  }
  /** The answers to reading and writing the chat over HTTP, several times, so that every replica is asked. */
  const byChat = async ({ token }: Account, { id }: Meeting): Promise<number[]> => {
    const path = `/v1/meetings/${id}/messages`
    const answers = await Promise.all(
      [0, 1, 2, 3].flatMap((n) => [
        rest('GET', `${url(n)}${path}`, { token }),
        rest('POST', `${url(n)}${path}`, { token, body: { clientMessageId: randomUUID(), text: 'hello' } }),
      ]),
    )
    return [...new Set(answers.map(({ status }) => status))].toSorted()
  }
  const resumption = ({ entered: { sessionId, resumeToken } }: Seated) => ({ sessionId, resumeToken, v: 0 })

  async function isThrownOut({ socket }: Seated, since: number): Promise<void> {
    expect((await socket.waitForClose()).code).toBe(4403)
    expect((socket.closed?.at ?? Infinity) - since).toBeLessThan(2_000)
    expect(socket.all.filter(({ type }) => type === 'room.kicked')).toHaveLength(1)
  }

  it('M11 R3 the list of participants says what the room shows of each, until they go', async () => {
    const meeting = await createMeeting(url(0), host)
    await sit(host, meeting, 0)
    const gus = await sit(await aGuest(url(0), 'Gus'), meeting, 1)
    const live = async () => {
      const path = `${url(1)}/v1/meetings/${meeting.id}/participants`
      const { items } = await callOrThrow<{ items: ParticipantEntry[] }>(host, 'GET', path)
      return Object.fromEntries(items.map((entry) => [entry.name, { guest: entry.guest, live: entry.live }]))
    }
    const shown = { mic: true, cam: true, screen: false, hand: null, connection: 'connected' }
    const becomes = (ofGus: object | null) => {
      const expected = { Host: { guest: false, live: shown }, Gus: { guest: true, live: ofGus } }
      return eventually(async () => expect(await live()).toEqual(expected), 20_000)
    }
    await becomes(shown)
    await gus.socket.ask('media.update', { mic: false, screen: true })
    await gus.socket.ask('hand.raise')
    const changed = { ...shown, mic: false, screen: true, hand: expect.any(Number) as number }
    await becomes(changed)
    gus.socket.drop()
    await becomes({ ...changed, connection: 'reconnecting' })
    await becomes(null)
  }, 90_000)

  it('M10 S16 a banned guest cannot come back with old tokens, nor under a new name from the same browser', async () => {
    const meeting = await createMeeting(url(0), host)
    await sit(host, meeting, 0)
    const browser = new GuestBrowser()
    const mallory = await browser.come(url(0), 'Mallory')
    const keys = [await joinToken(meeting), await joinToken(meeting)]
    const used = await rest('POST', `${url(0)}/v1/meetings/join`, {
      token: mallory.token,
      body: { joinToken: keys[0] },
    })
    expect(used.status).toBe(200)
    const unused = [String(used.body['roomToken']), await roomTokenFor(url(1), mallory, meeting)]
    const seat = await sit(mallory, meeting, 1)
    expect(await byChat(mallory, meeting)).toEqual([200, 201])

    await kick(meeting, mallory, true)
    const since = Date.now()
    await isThrownOut(seat, since)
    await sleep(Math.max(0, since + promisedMs - Date.now()))

    const refreshed = await browser.refresh(url(1))
    const renamed = await browser.come(url(0), 'Innocent')
    expect([refreshed.id, renamed.id]).toEqual([mallory.id, mallory.id])
    for (const who of [mallory, refreshed, renamed]) {
      expect(await byRest(who, meeting, keys)).toEqual(['removed-from-meeting'])
      expect(await byChat(who, meeting)).toEqual([404])
      for (const roomToken of unused)
        expect(await bySocket(who, 'room.join', { roomToken, device })).toEqual(['room-token-invalid'])
      expect(await bySocket(who, 'room.resume', resumption(seat))).toEqual(['resume-failed'])
      expect((await rest('GET', `${url(0)}/v1/meetings/${meeting.id}/participants`, who)).status).toBe(403)
      expect((await rest('GET', `${url(0)}/v1/meetings/code/${meeting.code}/access`, who)).body).toMatchObject({
        canEnter: false,
        reason: 'removed-from-meeting',
      })
    }
    await eventually(async () => expect((await rosterOf(meeting)).map(({ name }) => name)).toEqual(['Host']))
  })

  it('M10 S16 a banned account stays out too: after a new sign-in, and with an invite', async () => {
    const email = anEmail()
    const body = { email, password, name: 'Mallory', tokenDelivery: 'body' }
    const { accessToken, user } = (await rest('POST', `${url(0)}/v1/auth/register`, { body })).body as {
      accessToken: string
      user: { id: string }
    }
    const mallory = { id: user.id, name: 'Mallory', token: accessToken, refreshToken: '' }
    const meeting = await createMeeting(url(0), host, { type: 'invited_only' })
    await sit(host, meeting, 0)
    const path = `${url(0)}/v1/meetings/${meeting.id}/invites`
    const { id: inviteId } = await callOrThrow<{ id: string }>(host, 'POST', path, { userId: mallory.id })
    const key = await joinToken(meeting)
    const unused = (
      await callOrThrow<JoinDetails>(mallory, 'POST', `${url(1)}/v1/meetings/join`, { code: meeting.code })
    ).roomToken
    const seat = await sit(mallory, meeting, 1)

    await kick(meeting, mallory, true)
    const since = Date.now()
    await isThrownOut(seat, since)
    await sleep(Math.max(0, since + promisedMs - Date.now()))

    const login = await rest('POST', `${url(1)}/v1/auth/login`, { body: { email, password, tokenDelivery: 'body' } })
    const anew = { ...mallory, token: String(login.body['accessToken']) }
    await rest('POST', `${url(0)}/v1/invites/${inviteId}/accept`, { token: anew.token, body: {} })
    for (const who of [mallory, anew]) {
      expect(await byRest(who, meeting, [key])).toEqual(['removed-from-meeting'])
      expect(await bySocket(who, 'room.join', { roomToken: unused, device })).toEqual(['room-token-invalid'])
      expect(await bySocket(who, 'room.resume', resumption(seat))).toEqual(['resume-failed'])
    }
  })

  it('M10 a kick without a ban ends what they hold, and a new admission is possible: they wait, and may be let in', async () => {
    const meeting = await createMeeting(url(0), host)
    const inside = await sit(host, meeting, 0)
    const eve = await aGuest(url(0), 'Eve')
    const unused = await roomTokenFor(url(1), eve, meeting)
    const seat = await sit(eve, meeting, 1)

    expect((await inside.socket.ask('moderation.remove', { participantId: seat.id })).type).toBe('ack')
    const since = Date.now()
    await isThrownOut(seat, since)
    await sleep(Math.max(0, since + promisedMs - Date.now()))
    expect(await bySocket(eve, 'room.join', { roomToken: unused, device })).toEqual(['room-token-invalid'])
    expect(await bySocket(eve, 'room.resume', resumption(seat))).toEqual(['resume-failed'])

    const again = await sit(eve, meeting, 0)
    expect(again.entered).toMatchObject({ position: 1 })
    await inside.socket.ask('lobby.admit', { participantId: again.id })
    expect((await again.socket.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
  })

  it('M10 M15 a ban in the lobby is told to the user and ends the wait for good, with or without a socket', async () => {
    const meeting = await createMeeting(url(0), host, { settings: { waitingRoom: true } })
    await sit(host, meeting, 0)
    const [eve, away] = [
      await sit(await aGuest(url(0), 'Eve'), meeting, 1),
      await sit(await aGuest(url(0), 'Away'), meeting, 0),
    ]
    away.socket.drop()
    for (const { who } of [eve, away]) await kick(meeting, who, true)
    expect((await eve.socket.waitFor('lobby.result')).payload).toEqual({ admitted: false, reason: 'removed' })
    await sleep(promisedMs)
    for (const waiting of [eve, away]) {
      expect(await bySocket(waiting.who, 'room.resume', resumption(waiting))).toEqual(['resume-failed'])
      expect(await byRest(waiting.who, meeting, [])).toEqual(['removed-from-meeting'])
    }
  })

  it('M10 a ban that races with a join wins: a user who got in is removed again', async () => {
    const meeting = await createMeeting(url(0), host)
    const inside = await sit(host, meeting, 0)
    const seats: ProtocolSocket[] = []
    for (let n = 0; n < 6; n++) {
      const eve = await aGuest(url(n), `Eve ${n}`)
      const roomToken = await roomTokenFor(url(n), eve, meeting)
      const socket = await ProtocolSocket.open(url(n), eve.token, hints[n % 2])
      seats.push(socket)
      await Promise.all([
        sleep(n * 3).then(() => kick(meeting, eve, true)),
        socket.ask('room.join', { roomToken, device }),
      ])
    }
    const since = Date.now()
    await eventually(async () => {
      const { payload } = await inside.socket.ask('room.sync', { v: 0 })
      const peers = (payload['upserts'] ?? payload['peers']) as Participant[]
      expect(peers.map(({ name }) => name).filter((name) => name.startsWith('Eve'))).toEqual([])
    }, 5_000)
    for (const socket of seats)
      if (socket.all.some(({ type }) => type === 'room.joined')) await socket.waitForClose(5_000)
    expect(Date.now() - since).toBeLessThan(5_000)
  })
})
