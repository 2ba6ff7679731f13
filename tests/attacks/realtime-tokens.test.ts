import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, roomTokenFor, type Account } from '../support/accounts.ts'
import { rest } from '../support/people.ts'
import { startEmbedded, type Product } from '../support/product.ts'
import { ProtocolSocket, takeSeat } from '../support/protocol-socket.ts'

const device = { mic: true, cam: true }

/** Every kind of secret that Parley gives out, all good, all of one person (`guest`: of a guest). */
interface Kinds {
  access: string
  guest: string
  refresh: string
  room: string
  resume: string
  join: string
}
type Kind = keyof Kinds

describe('S3 S14 no kind of token is good in the place of another', () => {
  let product: Product
  let url: string
  let ada: Account
  let kinds: Kinds
  let sessionId: string
  let meeting: { id: string; code: string }
  beforeAll(async () => {
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
    ada = await anAccount(url, 'Ada')
    const guest = await aGuest(url, 'Gast')
    meeting = await createMeeting(url, ada)
    const seat = await takeSeat(url, ada, meeting)
    seat.socket.drop()
    sessionId = String(seat.entered['sessionId'])
    const made = await callOrThrow<{ joinToken: string }>(ada, 'POST', `${url}/v1/meetings/${meeting.id}/tokens`, {})
    kinds = {
      access: ada.token,
      guest: guest.token,
      refresh: ada.refreshToken,
      room: await roomTokenFor(url, ada, meeting),
      resume: String(seat.entered['resumeToken']),
      join: made.joinToken,
    }
  }, 90_000)
  afterAll(() => product.stop(), 60_000)

  const post = async (path: string, body: object, token?: string) => {
    const answer = await rest('POST', `${url}${path}`, { body, ...(token !== undefined && { token }) })
    return answer.status < 300 ? 'accepted' : String(answer.body['code'])
  }
  const signedIn = async (type: string, payload: object) => {
    const socket = await ProtocolSocket.open(url, ada.token)
    const outcome = await socket.outcome(type, payload)
    socket.drop()
    return outcome
  }

  /** A place: which kinds belong there, how one is tried, and the codes that refuse what does not belong. */
  const places: [string, readonly Kind[], (token: string) => Promise<string>, readonly string[]][] = [
    [
      'Authorization of an operation for all',
      ['access', 'guest'],
      async (token) => {
        const answer = await rest('GET', `${url}/v1/auth/me`, { token })
        return answer.status === 200 ? 'accepted' : String(answer.body['code'])
      },
      ['unauthenticated'],
    ],
    [
      'Authorization of an operation for accounts',
      ['access'],
      async (token) => {
        const answer = await rest('PATCH', `${url}/v1/me`, { token, body: { name: 'Ada' } })
        return answer.status === 200 ? 'accepted' : String(answer.body['code'])
      },
      ['unauthenticated', 'forbidden'],
    ],
    [
      'the subprotocol of a socket',
      ['access', 'guest'],
      async (token) => {
        const opening = ProtocolSocket.open(url, token)
        return opening.then(
          (socket) => (socket.drop(), 'accepted'),
          (error: Error) => error.message,
        )
      },
      ['refused: 401'],
    ],
    [
      'auth.authenticate',
      ['access', 'guest'],
      async (accessToken) => {
        const socket = await ProtocolSocket.open(url)
        const outcome = await socket.outcome('auth.authenticate', { accessToken })
        if (outcome !== 'auth.ok') expect((await socket.waitForClose()).code).toBe(4401)
        socket.drop()
        return outcome === 'auth.ok' ? 'accepted' : outcome
      },
      ['unauthenticated'],
    ],
    [
      'room.join',
      [],
      (roomToken) => signedIn('room.join', { roomToken, device }),
      ['room-token-invalid', 'invalid-input'],
    ],
    [
      'room.resume',
      [],
      (resumeToken) => signedIn('room.resume', { sessionId, resumeToken, v: 0 }),
      ['resume-failed', 'invalid-input'],
    ],
    [
      'refresh',
      [],
      (refreshToken) => post('/v1/auth/refresh', { refreshToken, tokenDelivery: 'body' }),
      ['invalid-refresh-token', 'invalid-input'],
    ],
    [
      'the join token of a meeting',
      ['join'],
      (joinToken) => post('/v1/meetings/join', { joinToken }, ada.token),
      ['join-token-invalid', 'invalid-input'],
    ],
    [
      'the link of a password mail',
      [],
      (token) => post('/v1/auth/reset-password', { token, newPassword: 'another password' }),
      ['invalid-link', 'invalid-input'],
    ],
    [
      'the link of an address mail',
      [],
      (token) => post('/v1/auth/verify-email', { token }),
      ['invalid-link', 'invalid-input'],
    ],
  ]
  /** Spent by their own place, so tried there by tests of their own. */
  const spends: Partial<Record<string, Kind>> = { 'room.join': 'room', 'room.resume': 'resume', refresh: 'refresh' }

  it.each(places)('S3 %s', async (place, belong, attempt, refusals) => {
    for (const kind of Object.keys(kinds) as Kind[]) {
      if (spends[place] === kind) continue
      const outcome = await attempt(kinds[kind])
      if (belong.includes(kind)) expect([kind, outcome]).toEqual([kind, 'accepted'])
      else expect([kind, refusals.includes(outcome) ? 'refused' : outcome]).toEqual([kind, 'refused'])
    }
  })

  it('S3 the resume token of another opens nothing, not even with its session id, and stays good for its owner', async () => {
    const [eve, host] = [await anAccount(url, 'Eve'), await anAccount(url, 'Host')]
    const own = await createMeeting(url, host)
    const [victim, thief] = [await takeSeat(url, host, own), await takeSeat(url, eve, own)]
    victim.socket.drop()
    thief.socket.drop()
    const resume = async (by: Account, of: typeof victim, token: typeof victim) => {
      const socket = await ProtocolSocket.open(url, by.token)
      const { sessionId: id } = of.entered
      const outcome = await socket.outcome('room.resume', {
        sessionId: id,
        resumeToken: token.entered['resumeToken'],
        v: 0,
      })
      socket.drop()
      return outcome
    }
    expect(await resume(eve, victim, victim)).toBe('resume-failed')
    expect(await resume(eve, thief, victim)).toBe('resume-failed')
    expect(await resume(eve, victim, thief)).toBe('resume-failed')
    expect(await resume(host, victim, victim)).toBe('room.resumed')
    expect(await resume(eve, thief, thief)).toBe('room.resumed')
  })

  it('S3 a guest cannot go on as an account, nor an account as another, on an open socket', async () => {
    const [guest, eve] = [await aGuest(url, 'Gast'), await anAccount(url, 'Eve')]
    for (const [opened, renewed] of [
      [guest, eve],
      [eve, ada],
    ] as const) {
      const socket = await ProtocolSocket.open(url, opened.token)
      expect(await socket.outcome('auth.authenticate', { accessToken: renewed.token })).toBe('unauthenticated')
      expect((await socket.waitForClose()).code).toBe(4401)
    }
  })

  it('S14 a room token is good once, for one person, and for its own meeting', async () => {
    const eve = await anAccount(url, 'Eve')
    const other = await createMeeting(url, ada)
    const roomToken = await roomTokenFor(url, ada, meeting)
    const join = async (who: Account) => {
      const socket = await ProtocolSocket.open(url, who.token)
      return { socket, answer: await socket.ask('room.join', { roomToken, device }) }
    }
    expect((await join(eve)).answer.payload).toMatchObject({ code: 'room-token-invalid' })
    const { socket, answer } = await join(ada)
    // Nothing of a frame says which meeting: the token alone does, and it is this one's.
    expect(answer.payload['meeting']).toMatchObject({ id: meeting.id })
    expect((answer.payload['meeting'] as { id: string }).id).not.toBe(other.id)
    expect((await join(ada)).answer.payload).toMatchObject({ code: 'room-token-invalid' })
    socket.drop()
  })

  it('S14 of 20 parallel joins with one room token one gets in', async () => {
    const roomToken = await roomTokenFor(url, ada, meeting)
    const sockets = await Promise.all(Array.from({ length: 20 }, () => ProtocolSocket.open(url, ada.token)))
    const outcomes = await Promise.all(sockets.map((socket) => socket.outcome('room.join', { roomToken, device })))
    expect(outcomes.toSorted()).toEqual(['room.joined', ...Array(19).fill('room-token-invalid')].toSorted())
    for (const socket of sockets) socket.drop()
  })
})
