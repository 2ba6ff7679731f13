import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import { silentLog } from '../testing/silent-log.ts'
import { drainHttp, startHttp } from './drain.ts'
import { guest, openFixture } from './server.fixture.ts'
import type { HttpServer } from './server.ts'

let app: HttpServer | undefined
afterEach(() => app?.close())
const open = (options?: Parameters<typeof openFixture>[0]): HttpServer => (app = openFixture(options))
const post = (payload: string | object, type = 'application/json') =>
  open().inject({ method: 'POST', url: '/v1/things', payload, headers: { 'content-type': type } })

test('a good request is answered, with its headers, cookies and request id', async () => {
  const answer = await post({ name: 'n' })
  expect([answer.statusCode, answer.json().name, answer.headers['location'], answer.headers['set-cookie']]).toEqual([
    201,
    'n',
    '/x',
    ['a=1', 'b=2'],
  ])
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test('a request id is taken over only if it is harmless', async () => {
  const server = open()
  const ask = (id: string) => server.inject({ url: '/v1/things', headers: { 'x-request-id': id } })
  expect((await ask('abc-12345')).headers['x-request-id']).toBe('abc-12345')
  expect((await ask('a b"c<script>')).headers['x-request-id']).not.toContain('script')
})

test('unknown paths are 404, other methods 405 with Allow, broken addresses 400, all of them problems', async () => {
  const server = open()
  const unknown = await server.inject('/v1/nothing?token=secret')
  expect([unknown.statusCode, unknown.json().code, unknown.body.includes('secret')]).toEqual([404, 'not-found', false])
  const other = await server.inject({ method: 'PUT', url: '/v1/things' })
  expect([other.statusCode, other.json().code, other.headers['allow']]).toEqual([
    405,
    'method-not-allowed',
    'POST, GET, HEAD',
  ])
  for (const url of ['/v1/things/%zz']) {
    const broken = await server.inject(url)
    expect([broken.statusCode, broken.json().code]).toEqual([400, 'invalid-input'])
    expect(broken.headers['content-type']).toBe('application/problem+json')
  }
})

test('a body where none is expected is refused; an empty one is not', async () => {
  const server = open()
  const url = `/v1/things/${newId()}`
  expect((await server.inject({ method: 'DELETE', url, payload: { a: 1 } })).json().code).toBe('invalid-input')
  expect(
    (await server.inject({ method: 'DELETE', url, headers: { 'content-type': 'application/json' } })).statusCode,
  ).toBe(204)
})

test('S30: an unexpected error is a 500 without detail', async () => {
  const app = open({
    onCreate: () => {
      throw new Error('password is hunter2')
    },
  })
  const answer = await app.inject({ method: 'POST', url: '/v1/things', payload: { name: 'n' } })
  expect([answer.statusCode, answer.json().code, answer.body.includes('hunter2')]).toEqual([500, 'internal', false])
})

test('a problem goes out with its Retry-After; a database that is away is unavailable', async () => {
  const app = open({
    onCreate: () => {
      throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.5'), { code: 'ECONNREFUSED' })
    },
  })
  const answer = await app.inject({ method: 'POST', url: '/v1/things', payload: { name: 'n' } })
  expect([answer.statusCode, answer.headers['retry-after'], answer.body.includes('10.0.0.5')]).toEqual([
    503,
    '1',
    false,
  ])
})

test('an answer that does not match its schema is caught', async () => {
  const id = newId()
  const server = open()
  expect((await server.inject(`/v1/things/${id.slice(0, -1)}f`)).statusCode).toBe(500)
  expect((await server.inject(`/v1/things/${id.slice(0, -1)}0`)).statusCode).toBe(200)
})

test('guests are refused where an account is needed', async () => {
  expect((await open({ kind: 'guest' }).inject('/v1/me')).json().code).toBe('forbidden')
  await app?.close()
  expect((await open().inject('/v1/me')).json().id).toBe(guest.userId)
})

test('a limit answers with a problem that says when to come back', async () => {
  const server = open()
  const call = () => server.inject({ method: 'POST', url: '/v1/limited' })
  expect((await call()).statusCode).toBe(204)
  const refused = await call()
  expect([refused.statusCode, refused.json().retryAfterMs, refused.headers['retry-after']]).toEqual([429, 1500, '2'])
})

test('health routes', async () => {
  const server = open()
  expect((await server.inject('/livez')).json()).toEqual({ status: 'ok' })
  expect((await server.inject('/readyz')).json()).toEqual({
    status: 'ok',
    checks: { db: true, kvKeepsAll: true, serving: true },
  })
  expect((await server.inject('/metrics')).body).toContain('process_cpu_seconds_total')
  server.draining = true
  expect((await server.inject('/readyz')).statusCode).toBe(503)
})

test('a request that is not HTTP gets a problem', async () => {
  const server = open()
  const { url } = await startHttp(server, { host: '127.0.0.1', port: 0 })
  expect(await raw(url, 'NOT HTTP AT ALL\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"invalid-input"/s)
  expect(await raw(url, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\nconnection: close\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 .*"code":"headers-too-large"/s,
  )
  expect(
    await raw(
      url,
      'POST /v1/things HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ),
  ).toMatch(/^HTTP\/1.1 400/)
  await drainHttp(server, { deadlineMs: 500, log: silentLog() })
})

function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let seen = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket
      .on('data', (chunk) => (seen += String(chunk)))
      .on('close', () => resolve(seen))
      .on('error', reject)
  })
}

test('a problem thrown on purpose is shown as it is', async () => {
  const app = open({
    onCreate: () => {
      throw new ProblemError('version-conflict', undefined, { currentVersion: 7 })
    },
  })
  const answer = await app.inject({ method: 'POST', url: '/v1/things', payload: { name: 'n' } })
  expect(answer.json()).toMatchObject({ status: 409, code: 'version-conflict', currentVersion: 7 })
})

test('S32 a transfer coding that another parser may read differently reaches no handler', async () => {
  const server = open()
  const { url } = await startHttp(server, { host: '127.0.0.1', port: 0 })
  let handled = 0
  for (const coding of ['xchunked', 'identity', 'gzip, chunked', 'chunked']) {
    const answer = await raw(
      url,
      `POST /v1/things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: ${coding}\r\nconnection: close\r\n\r\nc\r\n{"name":"n"}\r\n0\r\n\r\n`,
    )
    if (answer.startsWith('HTTP/1.1 201')) handled += 1
    else expect(answer).toMatch(/^HTTP\/1.1 (400|501)/)
  }
  expect(handled).toBe(1)
})
