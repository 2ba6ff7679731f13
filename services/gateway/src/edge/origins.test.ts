import type { IncomingMessage } from 'node:http'
import type { Logger } from '@parley/kit'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { exchangeRaw, handshake } from '../testing/raw.ts'
import { createOrigins } from './origins.ts'

let gateway: TestGateway | undefined
afterEach(() => gateway?.stop())

/** The four ways in that a page has, and what each says of an origin. */
async function verdicts({ url, issuer }: TestGateway, headers: Record<string, string>) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const bearer = `Authorization: Bearer ${issuer.token()}\r\n`
  const body = 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
  const rest = (line: string, tail: string) =>
    exchangeRaw(url, `${line} HTTP/1.1\r\n${lines.join('')}${bearer}Connection: close\r\n${tail}`)
  const answers = {
    REST: await rest('POST /v1/meetings', body),
    refresh: await rest('POST /v1/auth/refresh', body),
    SSE: await rest('GET /v1/events', '\r\n'),
    WebSocket: await exchangeRaw(url, handshake(url, { headers })),
  }
  return Object.entries(answers).map(([way, { status, rest: text }]) => ({ way, let: status !== 403, text }))
}

const both = /PUBLIC_URL.*TRUST_PROXY/
const ways = ['REST', 'refresh', 'SSE', 'WebSocket']

describe('one judgement of an origin for REST, refresh, event streams and WebSockets', () => {
  it.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    ['our own, as Host says', {}, { Host: 'meet.test', Origin: 'http://meet.test' }, true],
    ['our own, in other letters', {}, { Host: 'Meet.Test', Origin: 'http://meet.test' }, true],
    ['our own, with the port of the scheme', {}, { Host: 'meet.test:80', Origin: 'http://meet.test' }, true],
    ['behind a TLS proxy nobody told us of', {}, { Host: 'meet.test', Origin: 'https://meet.test' }, false],
    [
      'behind one that PUBLIC_URL tells of',
      { PUBLIC_URL: 'https://meet.test' },
      { Host: 'a', Origin: 'https://meet.test' },
      true,
    ],
    [
      'behind one that is trusted',
      { TRUST_PROXY: 'loopback' },
      { Host: 'meet.test', Origin: 'https://meet.test', 'X-Forwarded-Proto': 'https' },
      true,
    ],
    [
      'behind two, in capitals',
      { TRUST_PROXY: 'loopback' },
      {
        Host: 'a',
        Origin: 'https://meet.test',
        'X-Forwarded-Proto': 'HTTPS, http',
        'X-Forwarded-Host': 'Meet.test:443, inner',
      },
      true,
    ],
    [
      'behind one that speaks RFC 7239',
      { TRUST_PROXY: 'loopback' },
      {
        Host: 'a',
        Origin: 'https://meet.test',
        Forwarded: 'for=192.0.2.1;proto=https;host="meet.test:443", for=10.0.0.1',
      },
      true,
    ],
    [
      'behind one that is not trusted',
      {},
      { Host: 'meet.test', Origin: 'https://meet.test', 'X-Forwarded-Proto': 'https' },
      false,
    ],
    [
      'a frontend that is named',
      { ALLOWED_ORIGINS: 'https://App.example:443' },
      { Host: 'a', Origin: 'https://app.example' },
      true,
    ],
    [
      'a frontend of another site',
      { CROSS_SITE_ORIGINS: 'https://far.example' },
      { Host: 'a', Origin: 'https://far.example' },
      true,
    ],
    ['somebody else', { ALLOWED_ORIGINS: 'https://app.example' }, { Host: 'a', Origin: 'https://evil.example' }, false],
    ['nobody: null', {}, { Host: 'a', Origin: 'null' }, false],
  ])('H3 %s', async (_name, env, headers, allowed) => {
    gateway = await startGateway(env)
    const found = await verdicts(gateway, headers)
    expect(found.map(({ way, let: passed }) => [way, passed])).toEqual(ways.map((way) => [way, allowed]))
    if (!allowed) for (const { text } of found) expect(text).toMatch(both)
  })

  it('H3 services are told the verdict, whatever the client claims', async () => {
    gateway = await startGateway({ PUBLIC_URL: 'https://meet.test' })
    const told = async (headers: Record<string, string>) => {
      await fetch(`${gateway?.url}/v1/auth/refresh`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-origin-verdict': 'cross-site', ...headers },
        body: '{}',
      })
      return gateway?.upstreams.auth.seen.at(-1)?.headers['x-origin-verdict']
    }
    expect(await told({})).toBe('none')
    expect(await told({ origin: 'https://meet.test' })).toBe('own')
    expect(await told({ origin: gateway.url })).toBe('own')
  })
})

it('H3 the log says once which origin was refused, and names the settings', () => {
  const lines: string[] = []
  const origins = createOrigins({
    publicUrl: undefined,
    allowedOrigins: [],
    crossSiteOrigins: [],
    production: false,
    trustsPeer: () => false,
    log: { warn: (_seen: object, line: string) => void lines.push(line) } as unknown as Logger,
  })
  const from = (origin: string) =>
    ({ headers: { host: 'meet.test', origin }, rawHeaders: ['Host', 'meet.test', 'Origin', origin] }) as IncomingMessage
  for (let count = 0; count < 5; count += 1) expect(() => origins.checkOrThrow(from('https://meet.test'))).toThrow(both)
  expect(lines).toEqual([expect.stringMatching(/https:\/\/meet\.test .*PUBLIC_URL.*TRUST_PROXY/)])
  // Made-up origins do not fill the log.
  for (let count = 0; count < 100; count += 1)
    expect(() => origins.checkOrThrow(from(`https://${count}.example`))).toThrow(both)
  expect(lines.length).toBe(16)
})
