import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'

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

  it.each(['https://app.example', 'http://localhost:5173'])('S31 CORS lets %s in, with credentials', async (origin) => {
    const response = await preflight(origin)
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    const actual = await me({ origin, authorization: authorization() })
    expect(actual.headers.get('access-control-allow-origin')).toBe(origin)
    expect(actual.headers.get('access-control-expose-headers')).toMatch(/ETag.*Location.*Retry-After.*X-Request-Id/)
    expect(actual.headers.get('vary')).toContain('Origin')
  })

  it.each([
    'https://evil.example',
    'null',
    'https://app.example.evil.com',
    'https://evilapp.example',
    'http://app.example',
    'https://app.example:444',
    'https://APP.example',
  ])('S31 CORS gives %s nothing', async (origin) => {
    const before = await preflight(origin)
    expect(before.status).not.toBe(204)
    const actual = await me({ origin, authorization: authorization() })
    for (const { headers } of [before, actual]) {
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  it('S31 what a service says about CORS or security does not count', async () => {
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
