import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Parley } from './api.ts'
import { createParley } from './parley.ts'
import { eventually } from './testing/eventually.ts'
import { problem } from './testing/gateway.ts'
import { MeetingServer } from './testing/meeting-server.ts'
import { id, sampleUser } from './testing/samples.ts'

let server: MeetingServer
let parley: Parley
let ended: string[]
beforeEach(async () => {
  server = await MeetingServer.start()
  ended = []
  parley = createParley({ url: server.gateway.url, onWarning: () => {}, onSignedOut: (why) => ended.push(why) })
  server.gateway.on('POST /v1/auth/login', () => ({ status: 200, body: tokensOf(1, 'ana') }))
  await parley.signIn({ email: 'ana@example.org', password: 'x' })
})
afterEach(async () => {
  parley.close()
  await server.gateway.close()
})

const tokensOf = (n: number, name: string, expiresIn = 900) => ({
  user: sampleUser(n),
  accessToken: `access-of-${name}`,
  tokenType: 'Bearer',
  expiresIn,
  refreshToken: `refresh-token-of-${name}`,
})
const enter = () => parley.join({ code: 'abc-defg-hij', device: { mic: true, cam: true } })
/** Another tab has signed Ben in: the next refresh brings his tokens, and Ana's are no longer taken. */
function benSignsIn() {
  server.gateway.on('POST /v1/auth/refresh', () => ({ status: 200, body: tokensOf(2, 'ben') }))
  server.gateway.on('GET /v1/auth/me', ({ headers }) =>
    headers.authorization === 'Bearer access-of-ben'
      ? { status: 200, body: sampleUser(2) }
      : { status: 401, body: problem('token-expired', 401) },
  )
}
const bearers = (route: string) =>
  server.gateway.asked.filter((call) => call.route === route).map(({ headers }) => headers.authorization)

test('O8 a refresh that brings somebody else is a sign-out: nothing goes on as them', async () => {
  const room = await enter()
  benSignsIn()
  await expect(parley.rest.me()).rejects.toMatchObject({ problem: { status: 401 } })
  expect(bearers('GET /v1/auth/me')).toEqual(['Bearer access-of-ana'])
  expect(parley.user.get()).toBe(null)
  expect(ended).toEqual(['replaced'])
  expect(room.state.get().status).toMatchObject({ state: 'lost', problem: { code: 'unauthenticated' } })
  await eventually(() => server.seat.socket === null)
  expect(server.tokens).toEqual(['access-of-ana'])
  expect(server.of('auth.authenticate')).toEqual([])
  // The other one is not signed out by it.
  expect(bearers('POST /v1/auth/logout')).toEqual([])
})

test('O8 a call that is repeated while somebody else signs in here is not repeated as them', async () => {
  const signIns: Promise<unknown>[] = []
  server.gateway.on('POST /v1/auth/login', () => ({ status: 200, body: tokensOf(2, 'ben') }))
  server.gateway.on('GET /v1/auth/me', () => {
    if (signIns.length === 0) signIns.push(parley.signIn({ email: 'ben@example.org', password: 'x' }))
    return { status: 503, body: problem('unavailable', 503) }
  })
  await expect(parley.rest.me()).rejects.toMatchObject({ problem: { code: 'unauthenticated' } })
  await Promise.all(signIns)
  expect(new Set(bearers('GET /v1/auth/me'))).toEqual(new Set(['Bearer access-of-ana']))
  expect(parley.user.get()).toEqual(sampleUser(2))
})

test('O8 a stream ends with the sign-in that opened it', async () => {
  const route = `GET /v1/meetings/${id(1000)}/events`
  server.gateway.on(route, () => 'hang')
  const reading = (async () => {
    for await (const event of parley.meetingEvents(id(1000))) throw new Error(`an event came: ${event.id}`)
  })()
  await eventually(() => bearers(route).length === 1)
  benSignsIn()
  await expect(parley.rest.me()).rejects.toMatchObject({ problem: { status: 401 } })
  await reading
  expect(bearers(route)).toEqual(['Bearer access-of-ana'])
})

test('O8 signing in as another user ends the open rooms; as the same user it does not', async () => {
  const room = await enter()
  await parley.signIn({ email: 'ana@example.org', password: 'x' })
  expect(room.state.get().status).toEqual({ state: 'joined' })
  await parley.signInAsGuest({ name: 'Guest' })
  expect(room.state.get().status).toMatchObject({ state: 'lost' })
})

test('O8 an answer to a refresh that comes after somebody else signed in changes nothing', async () => {
  let answer = () => {}
  const gate = new Promise<void>((resolve) => (answer = resolve))
  const slow: typeof fetch = async (input, init) => {
    if (String(input).endsWith('/refresh')) await gate
    return fetch(input, init)
  }
  const other = createParley({ url: server.gateway.url, fetch: slow, onWarning: () => {} })
  await other.signIn({ email: 'ana@example.org', password: 'x' })
  server.gateway.on('GET /v1/auth/me', () => ({ status: 401, body: problem('token-expired', 401) }))
  const asking = other.rest.me()
  asking.catch(() => null)
  await eventually(() => bearers('GET /v1/auth/me').length === 1)
  server.gateway.on('POST /v1/auth/login', () => ({ status: 200, body: tokensOf(2, 'ben') }))
  await other.signIn({ email: 'ben@example.org', password: 'x' })
  answer()
  await expect(asking).rejects.toMatchObject({ problem: { status: 401 } })
  expect(other.user.get()).toEqual(sampleUser(2))
  other.close()
})

test('O8 A8 a guest beside a signed-in account renews and ends with a token of its own', async () => {
  const page = createParley({ url: server.gateway.url, tokenDelivery: 'cookie', onWarning: () => {} })
  server.gateway.on('POST /v1/auth/guest', () => ({ status: 201, body: tokensOf(3, 'guest') }))
  server.gateway.on('POST /v1/auth/refresh', () => ({ status: 200, body: tokensOf(3, 'guest') }))
  server.gateway.on('POST /v1/auth/logout', () => ({ status: 204 }))
  server.gateway.on('GET /v1/auth/me', () => ({ status: 401, body: problem('token-expired', 401) }))
  await page.signInAsGuest({ name: 'Guest' })
  await page.rest.me().catch(() => null)
  await page.signOut()
  const bodies = server.gateway.asked.flatMap(({ route, body }) => (/refresh|logout/.test(route) ? [body] : []))
  expect(bodies).toEqual([
    { tokenDelivery: 'body', refreshToken: 'refresh-token-of-guest' },
    { refreshToken: 'refresh-token-of-guest' },
  ])
  page.close()
})
