import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@parley/kit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { exchangeRaw } from '../testing/raw.ts'

let gateway: TestGateway
let touchesBefore = 0
beforeAll(async () => {
  gateway = await startGateway({
    ALLOWED_ORIGINS: 'https://app.example,http://localhost:5173',
    PUBLIC_URL: 'https://meet.example',
  })
})
beforeEach(() => void (touchesBefore = gateway.touches()))
afterAll(() => gateway.stop())

const me = (headers: Record<string, string>) => fetch(`${gateway.url}/v1/auth/me`, { headers })
const authorized = () => `Authorization: Bearer ${gateway.issuer.token()}`
const lastSeen = () => gateway.upstreams.auth.seen.at(-1)

describe('S5 S6 what a client says about itself', () => {
  it('S5 never reaches a service: identity and forwarding headers are stripped and set anew', async () => {
    const forged = {
      'X-Forwarded-For': '6.6.6.6',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'ftp',
      'X-Forwarded-Prefix': '/x',
      Forwarded: 'for=6.6.6.6',
      'X-Real-IP': '6.6.6.6',
      'X-User-Id': 'root',
      'X-Parley-User': 'root',
      'X-Original-URL': '/v1/admin',
      'X-HTTP-Method-Override': 'DELETE',
      'CF-Connecting-IP': '6.6.6.6',
      'True-Client-IP': '6.6.6.6',
      'Client-IP': '6.6.6.6',
      X_Forwarded_For: '6.6.6.6',
      Via: '1.1 evil',
    }
    const lines = Object.entries(forged).map(([name, value]) => `${name}: ${value}`)
    const { status } = await exchangeRaw(
      gateway.url,
      `GET /v1/auth/me HTTP/1.1\r\nHost: a.example\r\n${authorized()}\r\n${lines.join('\r\n')}\r\n\r\n`,
    )
    expect(status).toBe(200)
    const { headers, rawHeaders } = lastSeen() ?? { headers: {}, rawHeaders: [] }
    expect(JSON.stringify(rawHeaders)).not.toMatch(/6\.6\.6\.6|evil|root|admin|ftp|DELETE/)
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'meet.example',
    })
  })

  it('S5 strips headers of the connection, also those that Connection names', async () => {
    const lines =
      'Connection: keep-alive, X-Secret, Idempotency-Key\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: x\r\nIdempotency-Key: abcdefgh'
    await exchangeRaw(gateway.url, `GET /v1/auth/me HTTP/1.1\r\nHost: a\r\n${authorized()}\r\n${lines}\r\n\r\n`)
    const names = Object.keys(lastSeen()?.headers ?? {})
    for (const name of ['keep-alive', 'te', 'proxy-authorization', 'idempotency-key']) expect(names).not.toContain(name)
  })

  it('O1 passes a harmless request id on and replaces any other', async () => {
    const good = await me({ authorization: authorized().slice(15), 'x-request-id': 'abcdef-123' })
    expect([good.headers.get('x-request-id'), lastSeen()?.headers['x-request-id']]).toEqual([
      'abcdef-123',
      'abcdef-123',
    ])
    const bad = await me({ authorization: authorized().slice(15), 'x-request-id': 'a b<script>' })
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(lastSeen()?.headers['x-request-id']).toBe(bad.headers.get('x-request-id'))
  })
})

describe('S3 S4 tokens at the edge: a service is never dialled for a bad one', () => {
  it.each([
    ['none', () => ({})],
    ['not a token', () => ({ authorization: 'Bearer x' })],
    ['basic', () => ({ authorization: 'Basic eDp5' })],
    [
      'expired',
      () => ({ authorization: `Bearer ${gateway.issuer.token({ iat: 1_700_000_000, exp: 1_700_000_900 })}` }),
    ],
    ['other audience', () => ({ authorization: `Bearer ${gateway.issuer.token({ aud: 'room' })}` })],
    ['altered', () => ({ authorization: `Bearer ${gateway.issuer.token().slice(0, -6)}AAAAAA` })],
  ])('S3 %s', async (_name, headers) => {
    const response = await me(headers() as Record<string, string>)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(gateway.touches()).toBe(touchesBefore)
  })

  it('S3 a guest on an operation for accounts', async () => {
    const authorization = `Bearer ${gateway.issuer.token({ typ: 'guest' })}`
    expect((await fetch(`${gateway.url}/v1/meetings`, { headers: { authorization } })).status).toBe(403)
    expect(gateway.touches()).toBe(touchesBefore)
    expect((await me({ authorization })).status).toBe(200)
  })

  it('S3 an operation for anybody needs no token', async () => {
    expect(
      (
        await fetch(`${gateway.url}/v1/auth/guest`, {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(200)
  })
})

describe('S32 smuggling: what could be read in two ways is refused, and nothing is dialled', () => {
  let untouched: TestGateway
  beforeAll(async () => {
    untouched = await startGateway()
  })
  afterAll(() => untouched.stop())
  const post = (lines: string, body: string) => `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n${body}`
  const get = (target: string, lines = 'Host: a') => `GET ${target} HTTP/1.1\r\n${lines}\r\n${authorized()}\r\n\r\n`
  const smuggled = 'GET /v1/auth/me HTTP/1.1\r\nHost: a\r\n\r\n'

  it.each([
    ['CL.TE', () => post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`)],
    ['TE.CL', () => post('Transfer-Encoding: chunked\r\nContent-Length: 4', `5c\r\n${smuggled}0\r\n\r\n`)],
    ['TE.TE', () => post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${smuggled}`)],
    ['TE obfuscated', () => post('Transfer-Encoding: xchunked', `0\r\n\r\n${smuggled}`)],
    ['TE identity', () => post('Transfer-Encoding: identity', `0\r\n\r\n${smuggled}`)],
    ['TE gzip, chunked', () => post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${smuggled}`)],
    ['TE chunked, identity', () => post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${smuggled}`)],
    ['TE empty', () => post('Transfer-Encoding:', `0\r\n\r\n${smuggled}`)],
    ['TE with tab before the colon', () => post('Transfer-Encoding\t: chunked', `0\r\n\r\n${smuggled}`)],
    ['two lengths', () => post('Content-Length: 2\r\nContent-Length: 40', `{}${smuggled}`)],
    ['a signed length', () => post('Content-Length: +2', '{}')],
    ['obs-fold', () => get('/v1/auth/me', 'Host: a\r\nX-A: b\r\n Transfer-Encoding: chunked')],
    ['a bare LF', () => get('/v1/auth/me', 'Host: a\nX-A: b')],
    ['absolute form', () => get('http://evil.example/v1/auth/me')],
    ['double slash', () => get('/v1//auth/me')],
    ['leading double slash', () => get('//v1/auth/me')],
    ['encoded slash', () => get('/v1/meetings/..%2fauth%2fme')],
    ['encoded backslash', () => get('/v1/meetings/..%5cauth')],
    ['NUL', () => get('/v1/meetings/a%00b')],
    ['dot segments', () => get('/v1/meetings/../auth/me')],
    ['encoded dot segments', () => get('/v1/meetings/%2e%2e/auth/me')],
    ['double encoding', () => get('/v1/meetings/%252e%252e')],
    ['half an escape', () => get('/v1/meetings/%2')],
    ['a fragment', () => get('/v1/auth/me#x')],
    ['two hosts', () => get('/v1/auth/me', 'Host: a\r\nHost: b')],
    ['a malformed host', () => get('/v1/auth/me', 'Host: a/b@c')],
    ['no host', () => get('/v1/auth/me', 'X-A: b')],
    ['two tokens', () => get('/v1/auth/me', `Host: a\r\n${authorized()}`)],
    ['GET with a body', () => get('/v1/auth/me', `Host: a\r\nContent-Length: ${smuggled.length}`) + smuggled],
    ['an unknown method', () => `BREW /v1/auth/me HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('S32 %s', async (_name, bytes) => {
    // Over a kept connection reaching a service costs no new one; without one, connecting is the first trace of it.
    await me({ authorization: authorized().slice(15) })
    for (const target of [gateway, untouched]) {
      const before = target.touches()
      const { status, rest } = await exchangeRaw(target.url, bytes())
      await sleep(50)
      expect(status).toBe(400)
      expect(rest.match(/HTTP\/1\.1 200/g)).toBeNull()
      expect(target.touches()).toBe(before)
    }
    expect(untouched.touches()).toBe(0)
  })

  it('S32 a CONNECT or a TRACE is not served', async () => {
    for (const bytes of ['CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 'TRACE /v1/auth/me HTTP/1.1\r\nHost: a\r\n\r\n']) {
      expect((await exchangeRaw(gateway.url, bytes)).status).not.toBe(200)
    }
    expect(gateway.touches()).toBe(touchesBefore)
  })

  it('S32 an Upgrade to anything else is ignored, as RFC 9110 allows: h2c opens no tunnel', async () => {
    const lines = `Host: a\r\n${authorized()}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA`
    const { status } = await exchangeRaw(gateway.url, `GET /v1/auth/me HTTP/1.1\r\n${lines}\r\n\r\n`)
    expect(status).toBe(200)
    expect(lastSeen()?.headers).not.toHaveProperty('upgrade')
    expect(lastSeen()?.headers).not.toHaveProperty('http2-settings')
  })

  it('S29 CRLF in a query stays encoded', async () => {
    await me({ authorization: authorized().slice(15) })
    const target = `/v1/auth/me?a=%0d%0aX-Evil:%201`
    const { status } = await exchangeRaw(gateway.url, `GET ${target} HTTP/1.1\r\nHost: a\r\n${authorized()}\r\n\r\n`)
    expect(status).toBe(200)
    expect(lastSeen()).toMatchObject({ url: target })
    expect(lastSeen()?.headers).not.toHaveProperty('x-evil')
  })
})

describe('S30 problems leak nothing', () => {
  it('S30 a service that cannot be reached: no address, no stack, no library', async () => {
    const { chat } = gateway.upstreams
    chat.answer = (request) => request.socket.destroy()
    const response = await fetch(`${gateway.url}/v1/meetings/${newId()}/messages`, {
      headers: { authorization: authorized().slice(15) },
    })
    const body = await response.text()
    expect(response.status).toBe(503)
    expect(body).not.toMatch(/127\.0\.0\.1|undici|ECONN|at .*\.ts|socket|node_modules/i)
  })

  it('S30 bytes that are not HTTP get a problem and a closed connection', async () => {
    const { status, rest } = await exchangeRaw(gateway.url, '\x16\x03\x01\x02\x00\x01\x00')
    expect(status).toBe(400)
    expect(rest).not.toMatch(/HPE_|llhttp|parse error/i)
  })

  it('O1 headers over the limit are refused', async () => {
    const { status } = await exchangeRaw(gateway.url, `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(status).toBe(431)
  })
})

it('O1 survives a client that vanishes in the middle of a request', async () => {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.write('POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf')
  await expect.poll(() => gateway.touches() >= touchesBefore).toBe(true)
  socket.destroy()
  expect((await fetch(`${gateway.url}/livez`)).status).toBe(200)
})
