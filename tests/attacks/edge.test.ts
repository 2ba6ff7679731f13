import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { anAccount } from '../support/accounts.ts'
import { anEmail } from '../support/people.ts'
import { startEmbedded, type Product } from '../support/product.ts'
import { exchangeBytes } from '../support/raw-http.ts'

const allowed = 'https://app.example'

describe('the edge of the whole product', () => {
  let product: Product
  let url: string
  beforeAll(async () => {
    vi.stubEnv('PUBLIC_URL', 'https://meet.example')
    vi.stubEnv('ALLOWED_ORIGINS', allowed)
    product = await startEmbedded()
    url = product.gateways[0] ?? ''
  }, 90_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await product.stop()
  }, 60_000)

  it('S6 200 requests that each claim another address count as one address', async () => {
    const forget = (n: number) => {
      const claimed = `203.0.113.${n}`
      return fetch(`${url}/v1/auth/forgot-password`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': `${claimed}, 198.51.100.${n}`,
          forwarded: `for=${claimed};proto=https`,
          'x-real-ip': claimed,
          'x-client-ip': claimed,
          'cf-connecting-ip': claimed,
          'true-client-ip': claimed,
        },
        body: JSON.stringify({ email: anEmail() }),
      })
    }
    const statuses: number[] = []
    for (let n = 0; n < 200; n += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, (_, one) => forget(n + one)))
      statuses.push(...answers.map(({ status }) => status))
    }
    const count = (wanted: number) => statuses.filter((status) => status === wanted).length
    // The limit of this operation: 120 in 10 minutes from one address.
    expect({ answered: count(202), limited: count(429) }).toEqual({ answered: 120, limited: 80 })
  })

  describe('S31 headers', () => {
    interface Visit {
      path: string
      status: number
      init?: { method?: string; headers: Record<string, string>; body?: string }
    }
    const visits: Visit[] = [
      { path: '/', status: 200, init: { headers: { accept: 'text/html' } } },
      { path: '/m/abc-defg-hij', status: 200, init: { headers: { accept: 'text/html' } } },
      { path: '/favicon.svg', status: 200 },
      { path: '/assets/nothing.js', status: 404 },
      { path: '/docs', status: 200 },
      { path: '/openapi.json', status: 200 },
      { path: '/asyncapi.json', status: 200 },
      { path: '/problems/not-found', status: 200 },
      { path: '/livez', status: 200 },
      { path: '/.well-known/jwks.json', status: 200 },
      { path: '/v1/auth/providers', status: 200 },
      { path: '/v1/auth/me', status: 401 },
      { path: '/v1/nowhere', status: 404 },
      { path: '/v1/auth/login', status: 400, init: post('{"email":') },
      { path: '/v1/auth/login', status: 401, init: post('{"email":"a@b.example","password":"wrong"}') },
      { path: '/v1/auth/login', status: 413, init: post(`{"email":"${'x'.repeat(70_000)}"}`) },
      { path: '/v1/meetings/..%2fauth%2fme', status: 400 },
    ]
    const named = visits.map((visit) => [visit.init?.method ?? 'GET', visit.path, visit.status, visit] as const)

    it.each(named)('S31 %s %s, %i', async (_method, path, status, { init }) => {
      const response = await fetch(url + path, { redirect: 'follow', ...init })
      await response.arrayBuffer()
      const { headers } = response
      expect(response.status).toBe(status)
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=31536000/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('content-security-policy')).toMatch(
        /default-src 'self'.*object-src 'none'.*frame-ancestors 'none'/,
      )
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|\*/)
      expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null])
      expect(headers.get('access-control-allow-origin')).toBeNull()
      if (status >= 400 && path.startsWith('/v1/'))
        expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    })

    it.each(named.filter(([, path]) => path.startsWith('/v1/') && !path.includes('%')))(
      'S31 CORS %s %s, %i: exact, with credentials, and for nobody else',
      async (_method, path, _status, { init }) => {
        const ask = async (origin: string) => {
          const { headers } = await fetch(url + path, { ...init, headers: { ...init?.headers, origin } })
          return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]
        }
        expect(await ask(allowed)).toEqual([allowed, 'true'])
        for (const origin of ['https://evil.example', 'null', `${allowed}.evil.example`, 'http://app.example'])
          expect([origin, ...(await ask(origin))]).toEqual([origin, null, null])
      },
    )

    it('S31 a preflight of another origin allows nothing', async () => {
      for (const origin of ['https://evil.example', 'null', 'https://app.example:444']) {
        const { status, headers } = await fetch(`${url}/v1/auth/refresh`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type',
          },
        })
        expect(status).not.toBe(204)
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
      }
    })
  })

  it.each(['br', 'gzip'])('H14 the first load of the page is at most 110 kB over the wire with %s', async (coding) => {
    const headers = { accept: 'text/html,*/*', 'accept-encoding': coding }
    const bytes = (path: string) => rawLength(url + path, headers)
    const html = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path)
    const sizes = await Promise.all(['/', ...files].map(bytes))
    expect(files.length).toBeGreaterThanOrEqual(3)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    console.log(`first load with ${coding}: ${total} bytes, heads included`)
    expect(total).toBeLessThan(110_000)
  })

  it('S29 a raw CR or LF in a header or in the path never becomes a header of ours, nor of the next hop', async () => {
    const { token } = await anAccount(url, 'Ada')
    const line = `Authorization: Bearer ${token}`
    const requests = [
      `GET /v1/auth/me HTTP/1.1\r\nHost: a\r\n${line}\r\nX-Request-Id: a\rX-Evil: 1\r\nConnection: close\r\n\r\n`,
      `GET /v1/auth/me HTTP/1.1\r\nHost: a\r\n${line}\r\nX-Request-Id: a\nX-Evil: 1\r\nConnection: close\r\n\r\n`,
      `GET /v1/auth/oauth/google?returnTo=/%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      `GET /problems/%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      `GET /m/a%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      `OPTIONS /v1/auth/me HTTP/1.1\r\nHost: a\r\nOrigin: ${allowed}%0d%0aX-Evil: 1\r\nConnection: close\r\n\r\n`,
    ]
    for (const request of requests) {
      const [head = ''] = (await exchangeBytes(url, request)).split('\r\n\r\n')
      expect(head).toMatch(/^HTTP\/1\.1 \d{3}/)
      expect(head.toLowerCase()).not.toMatch(/^x-evil/m)
    }
  })
})

/** Everything that comes back, head included, as it goes over the wire. */
async function rawLength(url: string, headers: Record<string, string>): Promise<number> {
  const { host, pathname } = new URL(url)
  const lines = Object.entries({ host, ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return (await exchangeBytes(url, `GET ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`)).length
}

function post(body: string) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body }
}
