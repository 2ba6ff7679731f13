import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { exchangeRaw } from '../testing/raw.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway({
    ALLOWED_ORIGINS: 'https://app.example,http://localhost:5173',
    PUBLIC_URL: 'https://meet.example',
  })
})
afterAll(() => gateway.stop())

const authorization = () => `Bearer ${gateway.issuer.token()}`
const me = (headers: Record<string, string>) => fetch(`${gateway.url}/v1/auth/me`, { headers })

describe('S31 headers and CORS', () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}/v1/meetings`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })

  it.each([
    'authorization',
    'cache-control',
    'pragma',
    'traceparent, tracestate',
    'sentry-trace, baggage',
    'x-requested-with',
    'range',
    'idempotency-key',
  ])('H12 a preflight that asks for %s may go on', async (wanted) => {
    const response = await fetch(`${gateway.url}/v1/meetings`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': wanted,
      },
    })
    const listed = response.headers.get('access-control-allow-headers')?.split(', ') ?? []
    expect([response.status, wanted.split(', ').filter((one) => !listed.includes(one))]).toEqual([204, []])
    expect(response.headers.get('access-control-allow-methods')).toContain('PATCH')
  })

  const early: Record<string, string> = {
    'a bad escape': 'GET /v1/meetings/%g1 HTTP/1.1\r\nHost: a\r\n',
    'a truncated escape': 'GET /v1/meetings/%a HTTP/1.1\r\nHost: a\r\n',
    'an encoded slash': 'GET /v1/meetings/a%2fb HTTP/1.1\r\nHost: a\r\n',
    'two slashes': 'GET /v1//meetings HTTP/1.1\r\nHost: a\r\n',
    'two content types': 'GET /v1/meetings HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n',
    'a strange transfer coding': 'POST /v1/meetings HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n',
    'no host': 'GET /v1/meetings HTTP/1.1\r\n',
    'two hosts': 'GET /v1/meetings HTTP/1.1\r\nHost: a\r\nHost: b\r\n',
    'headers of 17 KiB': `GET /v1/meetings HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n`,
    'a broken header': 'GET /v1/meetings HTTP/1.1\r\nHost: a\r\nOrigin:https://app.example \r\nX y\r\n',
    'a method of no meaning': 'PROPFIND /v1/meetings HTTP/1.1\r\nHost: a\r\n',
    CONNECT: 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n',
    'no route': 'GET /v1/nowhere HTTP/1.1\r\nHost: a\r\n',
    'a path that is too long for a parameter': `GET /v1/meetings/${'x'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n`,
  }
  it.each(Object.entries(early))('H12 the refusal of %s can be read by an allowed page', async (_what, head) => {
    const ask = (origin: string) => exchangeRaw(gateway.url, `${head}Origin: ${origin}\r\nConnection: close\r\n\r\n`)
    const answer = /origin:/i.test(head)
      ? await exchangeRaw(gateway.url, `${head}\r\n`)
      : await ask('https://app.example')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
    })
    expect(answer.headers['x-request-id']).toMatch(/^[\w-]{8,64}$/)
    if (!/origin:/i.test(head))
      expect((await ask('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined()
  })

  it('H8 an unknown expectation changes nothing', async () => {
    const { status } = await exchangeRaw(gateway.url, 'GET /livez HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n')
    expect(status).toBe(200)
  })

  it('S31 every answer has the security headers: of a service, a problem, a page', async () => {
    for (const path of ['/v1/auth/me', '/v1/auth/guest', '/problems/not-found', '/', '/livez', '/nowhere']) {
      const { headers } = await fetch(gateway.url + path)
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=31536000/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/)
      expect(headers.get('permissions-policy')).toContain('camera=(self)')
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull()
    }
  })

  it.each(['https://app.example', 'http://localhost:5173', 'https://APP.example', 'https://app.example:443'])(
    'S31 CORS lets %s in, with credentials',
    async (origin) => {
      const response = await preflight(origin)
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('access-control-allow-credentials')).toBe('true')
      const actual = await me({ origin, authorization: authorization() })
      expect(actual.headers.get('access-control-allow-origin')).toBe(origin)
      expect(actual.headers.get('access-control-expose-headers')).toMatch(
        /ETag.*Location.*Retry-After.*X-Request-Id.*Content-Disposition/,
      )
      expect(actual.headers.get('vary')).toContain('Origin')
    },
  )

  it.each([
    'https://evil.example',
    'null',
    'https://app.example.evil.com',
    'https://evilapp.example',
    'http://app.example',
    'https://app.example:444',
  ])('S31 CORS gives %s nothing', async (origin) => {
    const before = await preflight(origin)
    expect(before.status).not.toBe(204)
    const actual = await me({ origin, authorization: authorization() })
    for (const { headers } of [before, actual]) {
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  it('S31 CORS and security headers of a service do not count', async () => {
    const usual = gateway.upstreams.auth.answer
    gateway.upstreams.auth.answer = (_request, response) => {
      response.writeHead(200, {
        'access-control-allow-origin': '*',
        'content-security-policy': '*',
        server: 'x',
        vary: 'Accept',
        connection: 'keep-alive, x-inner',
        'x-inner': '1',
      })
      response.end()
    }
    const { headers } = await me({ authorization: authorization() })
    gateway.upstreams.auth.answer = usual
    expect(headers.get('access-control-allow-origin')).toBeNull()
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect([headers.get('server'), headers.get('x-inner'), headers.get('vary')]).toEqual([null, null, 'Accept, Origin'])
  })
})
