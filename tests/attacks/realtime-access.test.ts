import type { LobbyEntry } from '@parley/contracts'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { password, rest } from '../support/people.ts'
import { startEmbedded, startStack, type Product } from '../support/product.ts'
import { ProtocolSocket, takeSeat, type Seated } from '../support/protocol-socket.ts'

/** Whether each socket was closed at most 2 s after `from` (or before), and with what. */
const closesAfter = (from: number, sockets: readonly ProtocolSocket[]) =>
  Promise.all(
    sockets.map(async (socket) => {
      const { code, at } = await socket.waitForClose()
      return { code, intime: at - from <= 2_000 }
    }),
  )
const closed = (code: number) => ({ code, intime: true })

describe.each<[string, () => Promise<Product>]>([
  ['embedded', startEmbedded],
  ['distributed', () => startStack(['--gateway', '2', '--signaling', '2'])],
])('what somebody may no longer do ends on the open socket, %s', (_name, start) => {
  let product: Product
  beforeAll(async () => {
    product = await start()
  }, 90_000)
  afterAll(() => product.stop(), 60_000)
  const gateway = (n: number) => product.gateways[n % product.gateways.length] ?? ''
  const url = () => gateway(0)

  /** One in a room, and one that is only signed in, at different gateways. */
  async function socketsOf(who: Account, meeting: { code: string }): Promise<ProtocolSocket[]> {
    const { socket } = await takeSeat(gateway(1), who, meeting)
    return [socket, await ProtocolSocket.open(gateway(0), who.token)]
  }

  it('S16 A4 logout closes the sockets of the session within 2 s, and no others', async () => {
    const [ada, ben] = [await anAccount(url(), 'Ada'), await anAccount(url(), 'Ben')]
    const meeting = await createMeeting(url(), ada)
    const sockets = await socketsOf(ada, meeting)
    const [other] = await socketsOf(ben, meeting)
    const { refreshToken } = ada
    expect((await rest('POST', `${url()}/v1/auth/logout`, { body: { refreshToken } })).status).toBe(204)
    expect(await closesAfter(Date.now(), sockets)).toEqual([closed(4401), closed(4401)])
    expect(await other?.outcome('hand.raise')).toBe('ack')
    await expect(ProtocolSocket.open(gateway(1), ada.token)).rejects.toThrow('refused: 401')
  })

  it('S16 A6 a changed password closes the sockets of every other session within 2 s', async () => {
    const ada = await anAccount(url(), 'Ada')
    const { email } = await callOrThrow<{ email: string }>(ada, 'GET', `${url()}/v1/auth/me`)
    const again = await rest('POST', `${url()}/v1/auth/login`, { body: { email, password, tokenDelivery: 'body' } })
    const stolen = { ...ada, token: String(again.body['accessToken']) }
    const meeting = await createMeeting(url(), ada)
    const [mine] = await socketsOf(ada, meeting)
    const sockets = await socketsOf(stolen, meeting)
    await callOrThrow(ada, 'POST', `${url()}/v1/auth/change-password`, {
      currentPassword: password,
      newPassword: 'another password',
    })
    expect(await closesAfter(Date.now(), sockets)).toEqual([closed(4401), closed(4401)])
    expect(await mine?.outcome('hand.raise')).toBe('ack')
  })

  it('S16 M10 a ban closes the sockets in the room within 2 s, wherever they are, and there is no way back', async () => {
    const [ada, ben] = [await anAccount(url(), 'Ada'), await anAccount(url(), 'Ben')]
    const meeting = await createMeeting(url(), ada)
    const host = await takeSeat(gateway(0), ada, meeting)
    const seats = [await takeSeat(gateway(0), ben, meeting), await takeSeat(gateway(1), ben, meeting)]
    expect(await host.socket.outcome('moderation.remove', { participantId: seats[1]?.id, ban: true })).toBe('ack')
    const sockets = seats.map(({ socket }) => socket)
    expect(await closesAfter(Date.now(), sockets)).toEqual([closed(4403), closed(4403)])
    for (const { socket, entered } of seats) {
      const payload = { reason: 'banned', by: host.id, byUserId: ada.id }
      expect(socket.all.at(-1)).toMatchObject({ type: 'room.kicked', payload })
      const back = await ProtocolSocket.open(gateway(0), ben.token)
      const { sessionId, resumeToken } = entered
      expect(await back.outcome('room.resume', { sessionId, resumeToken, v: 0 })).toBe('resume-failed')
      back.drop()
    }
    const anew = await rest('POST', `${url()}/v1/meetings/join`, { token: ben.token, body: { code: meeting.code } })
    expect(anew).toMatchObject({ status: 403, body: { code: 'removed-from-meeting' } })
  })

  it('S23 a cohost who was demoted is refused on the open socket within 1 s', async () => {
    const [ada, ben] = [await anAccount(url(), 'Ada'), await anAccount(url(), 'Ben')]
    const meeting = await createMeeting(url(), ada)
    await takeSeat(gateway(0), ada, meeting)
    const cohost = await takeSeat(gateway(1), ben, meeting)
    const give = (role: string) =>
      callOrThrow(ada, 'PUT', `${url()}/v1/meetings/${meeting.id}/participants/${ben.id}/role`, { role })
    await give('cohost')
    await cohost.socket.waitFor('participant.updated', ({ role }) => role === 'cohost')
    expect(await cohost.socket.outcome('moderation.muteAll', { kind: 'mic' })).toBe('ack')
    await give('participant')
    const deadline = Date.now() + 1_000
    const outcomes: string[] = []
    while (Date.now() < deadline && outcomes.at(-1) !== 'forbidden') {
      outcomes.push(await cohost.socket.outcome('moderation.muteAll', { kind: 'mic' }))
      await sleep(60)
    }
    expect(outcomes.at(-1)).toBe('forbidden')
    for (const [type, payload] of [
      ['moderation.mute', { participantId: cohost.id, kind: 'mic' }],
      ['moderation.remove', { participantId: cohost.id }],
      ['lobby.admitAll', {}],
      ['meeting.end', {}],
    ] as const) {
      expect([type, await cohost.socket.outcome(type, payload)]).toEqual([type, 'forbidden'])
    }
  })
})

/** The messages of a room to its participants. */
const ofTheRoom = /^(participant|media|hand|reaction|chat|rtc|moderation|recording)\.|^room\.(delta|snapshot|joined)$/

describe('S24 the lobby isolates', () => {
  let product: Product
  let url: string
  let host: Seated
  let inside: Seated
  let waiting: Seated
  let meeting: { id: string; code: string }
  beforeAll(async () => {
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    const ada = await anAccount(url, 'Ada')
    meeting = await createMeeting(url, ada)
    host = await takeSeat(url, ada, meeting)
    inside = await takeSeat(url, await anAccount(url, 'Ben'), meeting)
    await callOrThrow(ada, 'PATCH', `${url}/v1/meetings/${meeting.id}`, { settings: { waitingRoom: true } })
    waiting = await takeSeat(url, await aGuest(url, 'Gast'), meeting)
  }, 90_000)
  afterAll(() => product.stop(), 60_000)

  it('a user in the lobby gets a place and a resume token, and nothing of the room', () => {
    expect(Object.keys(waiting.entered).toSorted()).toEqual([
      'participantId',
      'position',
      'resumeToken',
      'resumeWindowMs',
      'sessionId',
    ])
  })

  it('every message that needs a seat is refused, and does nothing', async () => {
    const { id } = inside
    const attempts: [string, object][] = [
      ['rtc.signal', { to: id, data: 'offer' }],
      ['chat.send', { clientMessageId: 'from-the-lobby', text: 'let me in' }],
      ['chat.typing', { typing: true }],
      ['reaction.send', { reaction: '👍' }],
      ['hand.raise', {}],
      ['hand.lower', {}],
      ['media.update', { mic: true }],
      ['room.sync', { v: 0 }],
      ['moderation.mute', { participantId: id, kind: 'mic' }],
      ['moderation.muteAll', { kind: 'mic' }],
      ['moderation.lowerHand', { participantId: id }],
      ['moderation.spotlight', { participantId: id, on: true }],
      ['moderation.remove', { participantId: id }],
      ['moderation.role', { participantId: waiting.id, role: 'cohost' }],
      ['lobby.admit', { participantId: waiting.id }],
      ['lobby.reject', { participantId: waiting.id }],
      ['lobby.admitAll', {}],
      ['meeting.end', {}],
    ]
    for (const [type, payload] of attempts)
      expect([type, await waiting.socket.outcome(type, payload)]).toEqual([type, 'wrong-state'])
    const sync = await host.socket.ask('room.sync', { v: 0 })
    expect((sync.payload['upserts'] as { id: string }[]).map((one) => one.id).toSorted()).toEqual(
      [host.id, inside.id].toSorted(),
    )
    expect(host.socket.all.filter(({ type }) => /^(rtc|chat|reaction|hand)\./.test(type))).toEqual([])
    // The lobby is told once a second at most, so it may not have been told yet.
    await host.socket.waitFor('lobby.updated', (payload) => (payload['lobby'] as LobbyEntry[]).length > 0)
    const shown = host.socket.all.findLast(({ type }) => type === 'lobby.updated')?.payload as { lobby: LobbyEntry[] }
    expect(shown.lobby.map(({ participantId }) => participantId)).toEqual([waiting.id])
  })

  it('the REST of the meeting is closed too: chat, roster, lobby, and no credential of a relay', async () => {
    const { token } = waiting.who
    const path = `${url}/v1/meetings/${meeting.id}`
    for (const part of ['/messages', '/participants', '/lobby', '/stats', '/bans'])
      expect([part, (await rest('GET', path + part, { token })).status]).toEqual([part, expect.toBeOneOf([403, 404])])
    const said = { clientMessageId: 'from-the-lobby', text: 'let me in' }
    expect((await rest('POST', `${path}/messages`, { token, body: said })).status).toBeOneOf([403, 404])
    const ice = await rest('GET', `${url}/v1/ice-servers`, { token })
    expect(JSON.stringify(ice.body)).not.toContain('credential')
  })

  it('the tokens of a wait in the lobby neither resume nor enter the room', async () => {
    const socket = await ProtocolSocket.open(url, waiting.who.token)
    const { sessionId } = inside.entered
    const { resumeToken } = waiting.entered
    expect(await socket.outcome('room.resume', { sessionId, resumeToken, v: 0 })).toBe('resume-failed')
    expect(await socket.outcome('room.join', { roomToken: resumeToken, device: { mic: true, cam: true } })).toBe(
      'room-token-invalid',
    )
    socket.drop()
  })

  it('of all that goes on inside, nothing is seen from the lobby', async () => {
    expect(await inside.socket.outcome('hand.raise')).toBe('ack')
    expect(await inside.socket.outcome('media.update', { mic: false })).toBe('ack')
    expect(await inside.socket.outcome('reaction.send', { reaction: '👍' })).toBe('ack')
    expect(await inside.socket.outcome('rtc.signal', { to: host.id, data: 'x' })).toBe('ack')
    expect(await inside.socket.outcome('chat.send', { clientMessageId: 'among-us', text: 'secret' })).toBe(
      'chat.accepted',
    )
    expect(await host.socket.outcome('moderation.muteAll', { kind: 'cam' })).toBe('ack')
    expect(await inside.socket.outcome('room.leave')).toBe('room.left')
    await host.socket.waitFor('participant.left')
    expect(await waiting.socket.outcome('ping')).toBe('pong')
    const types = waiting.socket.all.map(({ type }) => type)
    expect(types.filter((type) => ofTheRoom.test(type))).toEqual([])
  })
})
