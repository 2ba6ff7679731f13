import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { mayRepeat, operations, type Operation, type ServiceName } from '@parley/contracts'
import { newId } from '@parley/kit'
import { afterEach, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { open } from '../testing/raw.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

const json = { 'content-type': 'application/json' }
const bearer = () => ({ authorization: `Bearer ${gateway.issuer.token()}` })
const login = (body: string, headers = {}) =>
  fetch(`${gateway.url}/v1/auth/login`, { method: 'POST', body, headers: { ...json, ...headers } })

it('O1 passes bodies, status and headers in both directions', async () => {
  gateway = await startGateway()
  gateway.upstreams.auth.answer = (_request, response) => {
    response.writeHead(201, {
      etag: '"7"',
      location: '/v1/x',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': 'application/json',
    })
    response.end('{"ok":true}')
  }
  const response = await login('{"email":"é"}')
  expect(response.status).toBe(201)
  expect(await response.json()).toEqual({ ok: true })
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(response.headers.get('etag')).toBe('"7"')
  expect(gateway.upstreams.auth.seen[0]).toMatchObject({ method: 'POST', body: '{"email":"é"}' })
})

it('O1 answers HEAD as the service does, and 204 without a body', async () => {
  gateway = await startGateway()
  expect((await fetch(`${gateway.url}/v1/auth/me`, { method: 'HEAD', headers: bearer() })).status).toBe(200)
  expect(gateway.upstreams.auth.seen[0]?.method).toBe('HEAD')
  gateway.upstreams.auth.answer = (_request, response) => void response.writeHead(204).end()
  expect((await login('{}')).status).toBe(204)
})

it('O1 spreads requests over the instances in turn', async () => {
  gateway = await startGateway()
  const second = await gateway.add('auth')
  for (let count = 0; count < 10; count += 1) await login('{}')
  expect([gateway.upstreams.auth.seen.length, second.seen.length]).toEqual([5, 5])
})

it('T1 sends a request to another instance when its first one is dead, whatever the method', async () => {
  gateway = await startGateway()
  const second = await gateway.add('auth')
  await gateway.upstreams.auth.kill()
  const answers = await Promise.all(Array.from({ length: 20 }, () => login('{"a":1}')))
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  expect(second.seen.map(({ body }) => body)).toEqual(Array(20).fill('{"a":1}'))
})

it('T1 repeats only what may be repeated once the service has had the request', async () => {
  gateway = await startGateway()
  const second = await gateway.add('meetings')
  gateway.upstreams.meetings.answer = (request) => request.socket.destroy()
  second.answer = (request) => request.socket.destroy()
  const post = (headers = {}) =>
    fetch(`${gateway.url}/v1/meetings`, { method: 'POST', body: '{}', headers: { ...json, ...bearer(), ...headers } })
  const count = () => gateway.upstreams.meetings.seen.length + second.seen.length

  const once = await post()
  expect(await once.json()).toMatchObject({ code: 'unavailable', retryable: false })
  expect(count()).toBe(1)
  await sleep(1_050)
  expect((await post({ 'idempotency-key': 'abcdefgh' })).status).toBe(503)
  expect(count()).toBe(3)
  await sleep(1_050)
  expect((await fetch(`${gateway.url}/v1/meetings`, { headers: bearer() })).status).toBe(503)
  expect(count()).toBe(5)
})

const all = Object.entries(operations).flatMap(([service, list]) =>
  Object.entries<Operation>(list).map(([name, operation]) => ({ service: service as ServiceName, name, operation })),
)

it('X33 T1 repeats each operation as the table of the contracts says, with a key and without', async () => {
  gateway = await startGateway({ RATE_LIMITS: 'off' })
  const wrong: string[] = []
  for (const { service, name, operation } of all.filter(({ operation: { stream } }) => stream === undefined)) {
    const { method, path, body, auth } = operation
    for (const key of [undefined, 'a-key-of-this-request']) {
      const upstream = gateway.upstreams[service]
      const before = upstream.seen.length
      // The connection is lost once: whoever may repeat it has success, and nobody else is told to.
      upstream.answer = (request, response) => {
        if (upstream.seen.length === before + 1) request.socket.destroy()
        else response.end('{}')
      }
      const answer = await fetch(gateway.url + path.replaceAll(/:\w+/g, newId()), {
        method,
        headers: {
          ...(body === undefined ? {} : json),
          ...(auth === 'none' ? {} : bearer()),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: '{}' }),
      })
      const sent = upstream.seen.length - before
      const expected = mayRepeat(operation, key !== undefined) ? [2, 200] : [1, 503]
      if (sent !== expected[0] || answer.status !== expected[1])
        wrong.push(`${name} ${key === undefined ? 'without' : 'with'} a key: sent ${sent} times, ${answer.status}`)
      await answer.arrayBuffer()
    }
  }
  expect(wrong).toEqual([])
})

it('X33 a POST is never repeated without a key, and with one only where the operation honours it', () => {
  for (const { name, operation } of all.filter(({ operation: { method } }) => method === 'POST')) {
    expect([name, mayRepeat(operation, false)]).toEqual([name, false])
    expect([name, mayRepeat(operation, true)]).toEqual([name, operation.repeat === 'key'])
  }
  expect(mayRepeat(operations.meetings.createJoinToken, true)).toBe(true)
  expect(mayRepeat(operations.auth.login, true)).toBe(false)
  // Its second time meets the version that its first time has made.
  expect(mayRepeat(operations.meetings.scheduleMeeting, true)).toBe(false)
})

it('T1 a kept connection that the only instance has closed costs no request', async () => {
  gateway = await startGateway()
  const { auth } = gateway.upstreams
  let first = true
  auth.answer = (request, response) => {
    if (first) request.socket.destroy()
    else response.end('{}')
    first = false
  }
  expect((await fetch(`${gateway.url}/v1/auth/me`, { headers: bearer() })).status).toBe(200)
})

it('O6 answers 503 with Retry-After when no instance is there', async () => {
  gateway = await startGateway()
  await gateway.upstreams.auth.kill()
  const response = await login('{}')
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('1')
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(await response.json()).toMatchObject({ code: 'unavailable', retryable: true, type: '/problems/unavailable' })
})

it('O6 answers 504 when the service is too slow, and does not repeat', async () => {
  gateway = await startGateway({ UPSTREAM_TIMEOUT_MS: '300' })
  const second = await gateway.add('auth')
  gateway.upstreams.auth.answer = () => {}
  second.answer = () => {}
  const response = await fetch(`${gateway.url}/v1/auth/me`, { headers: bearer() })
  expect(response.status).toBe(504)
  expect(await response.json()).toMatchObject({ code: 'deadline-exceeded' })
  expect(gateway.upstreams.auth.seen.length + second.seen.length).toBe(1)
})

it('O1 cuts an answer short, rather than ending it, when the service dies in its middle', async () => {
  gateway = await startGateway()
  gateway.upstreams.auth.answer = (request, response) => {
    response.write('half')
    setTimeout(() => request.socket.destroy(), 50)
  }
  const response = await login('{}')
  expect(response.status).toBe(200)
  await expect(response.text()).rejects.toThrow()
})

it('S25 refuses a body over 64 KiB, declared or streamed, and never passes it on whole', async () => {
  gateway = await startGateway()
  const declared = await login('x'.repeat(65_537))
  expect(declared.status).toBe(413)
  expect(gateway.touches()).toBe(0)
  const chunks = async function* () {
    for (let count = 0; count < 20; count += 1) yield Buffer.alloc(4096, 'x')
  }
  const streamed = await fetch(`${gateway.url}/v1/auth/login`, {
    method: 'POST',
    body: chunks(),
    duplex: 'half',
    headers: json,
  } as unknown as RequestInit)
  expect(streamed.status).toBe(413)
  expect(await streamed.json()).toMatchObject({ code: 'too-large' })
  expect(gateway.upstreams.auth.seen.every(({ body }) => body === '(cut off)')).toBe(true)
  expect((await login('x'.repeat(65_536))).status).toBe(200)
})

it('O1 lets go of the service when the client has gone', async () => {
  gateway = await startGateway()
  const { auth } = gateway.upstreams
  const closed = new Promise<void>((resolve) => {
    auth.answer = (request) => void request.socket.once('close', () => resolve())
  })
  const socket = await open(gateway.url)
  socket.write(`GET /v1/auth/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.issuer.token()}\r\n\r\n`)
  await expect.poll(() => auth.seen.length).toBe(1)
  socket.destroy()
  await closed
})

it('O1 a client that reads slowly slows the service down', async () => {
  gateway = await startGateway()
  const { auth } = gateway.upstreams
  let written = 0
  const parts = function* () {
    for (; written < 200 * 65_536; written += 65_536) yield Buffer.alloc(65_536)
  }
  auth.answer = (_request, response) => void Readable.from(parts()).pipe(response)
  const socket = await open(gateway.url)
  socket.pause()
  socket.write(`GET /v1/auth/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.issuer.token()}\r\n\r\n`)
  await sleep(600)
  const stalledAt = written
  await sleep(300)
  expect(written).toBe(stalledAt)
  expect(written).toBeLessThan(200 * 65_536)
  socket.destroy()
})

it('O1 finishes what is in flight when it stops, and takes nothing more', async () => {
  gateway = await startGateway()
  gateway.upstreams.auth.answer = (_request, response) => void setTimeout(() => response.end('{}'), 300)
  const pending = login('{}')
  await expect.poll(() => gateway.upstreams.auth.seen.length).toBe(1)
  const stopped = gateway.stop()
  const response = await pending
  expect([response.status, response.headers.get('connection')]).toEqual([200, 'close'])
  await stopped
  await expect(login('{}')).rejects.toThrow()
})

it('O1 tells 404 from 405', async () => {
  gateway = await startGateway()
  const unknown = await fetch(`${gateway.url}/v1/nothing`)
  expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([404, 'not-found'])
  const wrong = await fetch(`${gateway.url}/v1/auth/login`)
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
  const other = await fetch(`${gateway.url}/v1/meetings/${newId()}/schedule`, { method: 'POST' })
  expect([other.status, other.headers.get('allow')]).toEqual([405, 'PUT'])
  expect(gateway.touches()).toBe(0)
})

it('O1 says what a plain GET to the WebSocket lacks', async () => {
  gateway = await startGateway()
  const response = await fetch(`${gateway.url}/v1/ws`)
  expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
})

it('O1 passes a chunked body on, also when it goes to a second instance', async () => {
  gateway = await startGateway()
  const second = await gateway.add('auth')
  await gateway.upstreams.auth.kill()
  for (let count = 0; count < 4; count += 1) {
    const chunks = async function* () {
      for (const part of ['one ', 'two ', 'three']) yield Buffer.from(part)
    }
    const init = { method: 'POST', body: chunks(), duplex: 'half', headers: json } as unknown as RequestInit
    expect((await fetch(`${gateway.url}/v1/auth/login`, init)).status).toBe(200)
  }
  expect(second.seen.map(({ body }) => body)).toEqual(Array(4).fill('one two three'))
})
