import { operations, type Operation } from '@parley/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ParleyError } from './problem.ts'
import { createCaller, createRest, type TokenSource } from './rest.ts'
import { problem, startTestGateway, type TestGateway } from './testing/gateway.ts'
import { id, sampleMeeting } from './testing/samples.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startTestGateway()
})
afterEach(() => gateway.close())

const tokens = (): TokenSource & { renewed: string[] } => {
  const renewed: string[] = []
  return {
    renewed,
    current: async () => (renewed.length === 0 ? 'old' : 'new'),
    renew: async (stale) => {
      renewed.push(stale)
      return 'new'
    },
  }
}
const restOf = (source: TokenSource = tokens(), deadlineMs = 5_000) =>
  createRest(createCaller({ url: gateway.url, fetch, deadlineMs }), source)
const meetingRoute = `GET /v1/meetings/${id(1000)}`
const params = { id: id(1000) }

test('O8 every operation of the contracts is there once', () => {
  const rows = Object.values(operations).flatMap((table) => Object.entries<Operation>(table))
  const names = rows.map(([name]) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).not.toContain('full')
  const rest = restOf()
  for (const [name, { stream, bytes }] of rows)
    expect(name in rest, name).toBe(stream === undefined && bytes === undefined)
})

test('O8 params, query, body, token and request id go out; body and ETag come back', async () => {
  gateway.on(meetingRoute, () => ({ status: 200, body: sampleMeeting(), headers: { etag: '"3"' } }))
  gateway.on('GET /v1/meetings', () => ({ status: 200, body: { items: [], nextCursor: null } }))
  const rest = restOf()
  expect(await rest.full.getMeeting({ params })).toEqual({ status: 200, etag: '"3"', body: sampleMeeting() })
  expect(await rest.listMeetings({ query: { limit: 5, scope: 'active' } })).toEqual({ items: [], nextCursor: null })
  const [first, second] = gateway.asked
  expect(first?.headers.authorization).toBe('Bearer old')
  expect(first?.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  expect(second?.url.search).toBe('?limit=5&scope=active')
})

test('O8 an operation that needs nobody carries no token, an empty body is an object, 204 is null', async () => {
  gateway.on('POST /v1/auth/logout', () => ({ status: 204 }))
  gateway.on('POST /v1/auth/login', () => ({ status: 401, body: problem('invalid-credentials', 401) }))
  const rest = restOf()
  expect(await rest.logout()).toBe(null)
  expect(gateway.asked[0]?.headers.authorization).toBe(undefined)
  expect(gateway.asked[0]?.body).toEqual({})
  await expect(rest.login({ body: { email: 'a@b.c', password: 'x' } })).rejects.toMatchObject({
    problem: { code: 'invalid-credentials' },
  })
  expect(gateway.asked.length).toBe(2)
})

describe('O6 problems', () => {
  test('a problem is a ParleyError that carries it', async () => {
    gateway.on(meetingRoute, () => ({ status: 404, body: problem('not-found', 404) }))
    const error: unknown = await restOf()
      .getMeeting({ params })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ParleyError)
    expect(error).toMatchObject({ code: 'not-found', message: 'It is not-found' })
  })

  test('a proxy’s error becomes a problem; a body that is not JSON is no answer', async () => {
    gateway.on('POST /v1/auth/login', () => ({ status: 502, body: '<html>Bad gateway</html>' }))
    await expect(restOf().login({ body: { email: 'a', password: 'b' } })).rejects.toMatchObject({
      problem: { code: 'unavailable', retryable: true },
    })
    gateway.on('GET /v1/auth/me', () => ({ status: 200, body: '<html>' }))
    await expect(restOf().me()).rejects.toMatchObject({ problem: { code: 'internal' } })
  })

  test('no server gives unavailable, no answer gives deadline-exceeded, and an abort gives the caller’s reason', async () => {
    const gone = createRest(createCaller({ url: 'http://127.0.0.1:1', fetch }), tokens())
    await expect(gone.login({ body: { email: 'a', password: 'b' } })).rejects.toMatchObject({
      problem: { code: 'unavailable' },
    })
    gateway.on(meetingRoute, () => 'hang')
    await expect(restOf(tokens(), 100).getMeeting({ params })).rejects.toMatchObject({
      problem: { code: 'deadline-exceeded' },
    })
    await expect(restOf().getMeeting({ params, signal: AbortSignal.abort(new Error('mine')) })).rejects.toThrow('mine')
  })
})

describe('A3 the access token', () => {
  test.each(['token-expired', 'unauthenticated'])('%s renews it once and repeats the call', async (code) => {
    gateway.on('GET /v1/auth/me', ({ headers }) =>
      headers.authorization === 'Bearer new' ? { status: 200, body: {} } : { status: 401, body: problem(code, 401) },
    )
    const source = tokens()
    await restOf(source).me()
    expect(source.renewed).toEqual(['old'])
    expect(gateway.asked.length).toBe(2)
  })

  test('a second refusal is given up', async () => {
    gateway.on('GET /v1/auth/me', () => ({ status: 401, body: problem('unauthenticated', 401) }))
    await expect(restOf().me()).rejects.toMatchObject({ problem: { code: 'unauthenticated' } })
    expect(gateway.asked.length).toBe(2)
  })
})

describe('T5 repetition', () => {
  const failing = (times: number, answer: { status: number; body: unknown }) => {
    let left = times
    return () => (left-- > 0 ? { status: 503, body: problem('unavailable', 503, { retryAfterMs: 10 }) } : answer)
  }

  test('a repeatable request is repeated, also when the connection is cut', async () => {
    gateway.on(meetingRoute, failing(2, { status: 200, body: sampleMeeting() }))
    await restOf().getMeeting({ params })
    expect(gateway.asked.length).toBe(3)
    let cuts = 1
    gateway.on('GET /v1/auth/me', () => (cuts-- > 0 ? 'cut' : { status: 200, body: {} }))
    await restOf().me()
    expect(gateway.asked.length).toBe(5)
  })

  test('a creation is repeated under one Idempotency-Key', async () => {
    gateway.on('POST /v1/meetings', failing(2, { status: 201, body: sampleMeeting() }))
    await restOf().createMeeting({ body: {} })
    const keys = gateway.asked.map(({ headers }) => headers['idempotency-key'])
    expect(keys.length).toBe(3)
    expect(new Set(keys).size).toBe(1)
    await restOf().createMeeting({ body: {}, headers: { 'idempotency-key': 'my-own-key' } })
    expect(gateway.asked.at(-1)?.headers['idempotency-key']).toBe('my-own-key')
  })

  test.each([
    ['POST /v1/auth/register', () => restOf().register({ body: { email: 'a@b.c', password: 'b', name: 'c' } })],
    ['POST /v1/auth/guest', () => restOf().guest({ body: { name: 'c' } })],
    ['POST /v1/meetings/join', () => restOf().join({ body: { code: 'abc-defg-hij' } })],
    [`POST /v1/meetings/${id(1000)}/tokens`, () => restOf().createJoinToken({ params, body: {} })],
    [`POST /v1/meetings/${id(1000)}/kick`, () => restOf().kick({ params, body: { userId: id(1) } })],
  ])('X9d %s is repeated under one Idempotency-Key of its own', async (route, call) => {
    gateway.on(route, failing(1, { status: 200, body: {} }))
    await call()
    await call()
    const keys = gateway.asked.map(({ headers }) => String(headers['idempotency-key']))
    expect(keys.map((key) => keys.indexOf(key))).toEqual([0, 0, 2])
    expect(keys.every((key) => key.length >= 16)).toBe(true)
  })

  test('a request that may not be repeated is sent once; a long Retry-After goes to the caller; at most four attempts', async () => {
    gateway.on('POST /v1/auth/login', failing(9, { status: 200, body: {} }))
    await expect(restOf().login({ body: { email: 'a', password: 'b' } })).rejects.toMatchObject({
      problem: { code: 'unavailable' },
    })
    expect(gateway.asked.length).toBe(1)
    gateway.on('GET /v1/auth/me', () => ({ status: 429, body: problem('rate-limited', 429, { retryAfterMs: 60_000 }) }))
    await expect(restOf().me()).rejects.toMatchObject({ problem: { code: 'rate-limited' } })
    expect(gateway.asked.length).toBe(2)
    gateway.on(meetingRoute, failing(9, { status: 200, body: {} }))
    await expect(restOf().getMeeting({ params })).rejects.toMatchObject({ problem: { code: 'unavailable' } })
    expect(gateway.asked.length).toBe(6)
  })
})
