import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuthSession } from './auth-session.ts'
import { createCaller } from './rest.ts'
import { eventually } from './testing/eventually.ts'
import { problem, startTestGateway, type TestGateway } from './testing/gateway.ts'
import { sampleUser } from './testing/samples.ts'
import { memoryTokenStorage } from './token-storage.ts'

let gateway: TestGateway
let now = 0
let session: AuthSession
let storage = memoryTokenStorage()

const tokensOf = (n: number, expiresIn = 900) => ({
  user: sampleUser(1),
  accessToken: `access-${n}`,
  tokenType: 'Bearer' as const,
  expiresIn,
  refreshToken: `refresh-${n}`,
})
const refreshes = () => gateway.asked.filter(({ route }) => route === 'POST /v1/auth/refresh')

beforeEach(async () => {
  gateway = await startTestGateway()
  now = 1_000_000
  storage = memoryTokenStorage()
  let n = 1
  gateway.on('POST /v1/auth/refresh', () => ({ status: 200, body: tokensOf(++n) }))
  gateway.on('POST /v1/auth/logout', () => ({ status: 204 }))
  session = new AuthSession({
    call: createCaller({ url: gateway.url, fetch }),
    tokenDelivery: 'body',
    storage,
    now: () => now,
  })
})
afterEach(async () => {
  session.close()
  await gateway.close()
})

test('A3 the token is used until 60 s before it expires, then renewed once for all who ask', async () => {
  await session.adopt(tokensOf(1))
  expect(session.user.get()).toEqual(sampleUser(1))
  now += 839_000
  expect(await session.current()).toBe('access-1')
  now += 2_000
  expect(await Promise.all([session.current(), session.current(), session.renew('access-1')])).toEqual([
    'access-2',
    'access-2',
    'access-2',
  ])
  expect(refreshes().map(({ body }) => body)).toEqual([{ tokenDelivery: 'body', refreshToken: 'refresh-1' }])
})

test('A3 it renews itself by a timer, and tells', async () => {
  const told: (string | null)[] = []
  session.token.subscribe(() => told.push(session.token.get()))
  await session.adopt(tokensOf(1, 0))
  await eventually(() => told.includes('access-2'))
  expect(await storage.load()).toBe('refresh-2')
})

test('A3 a timer that fires before its time waits for the rest', async () => {
  await session.adopt(tokensOf(1, 2))
  now += 999
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(refreshes()).toEqual([])
  now += 1
  await eventually(() => session.token.get() === 'access-2')
})

test('A3 renewing a token that was renewed meanwhile asks nobody', async () => {
  await session.adopt(tokensOf(2))
  expect(await session.renew('access-1')).toBe('access-2')
  expect(refreshes()).toEqual([])
})

test('A3 while refreshing fails the old token is used until it expires, and the sign-in is kept', async () => {
  gateway.on('POST /v1/auth/refresh', () => ({ status: 503, body: problem('unavailable', 503) }))
  await session.adopt(tokensOf(1))
  now += 850_000
  expect(await session.current()).toBe('access-1')
  now += 60_000
  await expect(session.current()).rejects.toMatchObject({ problem: { code: 'unavailable' } })
  expect(session.user.get()).not.toBe(null)
})

test('A3 a refused refresh token signs out', async () => {
  gateway.on('POST /v1/auth/refresh', () => ({ status: 401, body: problem('refresh-token-reused', 401) }))
  await session.adopt(tokensOf(1))
  await expect(session.renew('access-1')).rejects.toMatchObject({ problem: { code: 'refresh-token-reused' } })
  expect(session.user.get()).toBe(null)
  await expect(session.current()).rejects.toMatchObject({ problem: { code: 'unauthenticated' } })
  expect(await storage.load()).toBe(null)
})

test('A3 restore: with what was kept, or null', async () => {
  expect(await session.restore()).toBe(null)
  expect(gateway.asked).toEqual([])
  await storage.save('refresh-of-yesterday')
  expect(await session.restore()).toEqual(sampleUser(1))
  expect(await session.current()).toBe('access-2')
})

test('A4 sign-out forgets and tells the server, also in the middle of a refresh', async () => {
  await session.adopt(tokensOf(1))
  const renewing = session.renew('access-1')
  await session.signOut()
  await renewing
  expect(session.user.get()).toBe(null)
  expect(gateway.asked.at(-1)).toMatchObject({ route: 'POST /v1/auth/logout', body: { refreshToken: 'refresh-2' } })
})

/** As the auth service does it: a spent token gets the same successor, until that is used; later it ends the session. */
function rotateAndCut(cuts: number): string[] {
  const presented: string[] = []
  const [spent, successors] = [new Set<string>(), new Map<string, number>()]
  let [newest, ended] = [1, false]
  gateway.on('POST /v1/auth/refresh', ({ body }) => {
    const { refreshToken } = body as { refreshToken: string }
    presented.push(refreshToken)
    const known = successors.get(refreshToken)
    if (spent.has(refreshToken) && known !== newest) ended = true
    if (ended) return { status: 401, body: problem('refresh-token-reused', 401) }
    if (known === undefined) successors.set(refreshToken, (newest += 1))
    spent.add(refreshToken)
    return presented.length <= cuts ? 'cut' : { status: 200, body: tokensOf(newest) }
  })
  return presented
}

test.each(['renew by itself', 'restore'])(
  'A3 S8 ten answers in a row are lost, and it goes on: %s',
  async (how) => {
    const presented = rotateAndCut(10)
    const told: unknown[] = []
    if (how === 'restore') await storage.save('refresh-1')
    else await session.adopt(tokensOf(1, 0))
    session.user.subscribe(() => told.push(session.user.get()))
    if (how === 'restore') expect(await session.restore()).toEqual(sampleUser(1))
    await eventually(() => session.token.get() === 'access-2', 30_000)
    expect(presented).toEqual(Array.from({ length: 11 }, () => 'refresh-1'))
    expect(told).not.toContain(null)
    expect(await session.renew('access-2')).toBe('access-3')
    expect(presented.at(-1)).toBe('refresh-2')
  },
  40_000,
)

test('A3 restore without any answer rejects, and keeps what it has for the next try', async () => {
  gateway.on('POST /v1/auth/refresh', () => 'cut')
  await storage.save('refresh-1')
  await expect(session.restore()).rejects.toMatchObject({ problem: { code: 'unavailable' } })
  rotateAndCut(0)
  expect(await session.restore()).toEqual(sampleUser(1))
}, 20_000)

test('A3 with cookies the body holds no token', async () => {
  const inBrowser = new AuthSession({
    call: createCaller({ url: gateway.url, fetch }),
    tokenDelivery: 'cookie',
    storage,
    now: () => now,
  })
  await inBrowser.restore()
  inBrowser.close()
  expect(refreshes().map(({ body }) => body)).toEqual([{ tokenDelivery: 'cookie' }])
})
