import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { aGuest, anAccount, createMeeting } from '../support/accounts.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { exchangeBytes } from '../support/raw-http.ts'
import { sql } from '../support/sql.ts'
import { ambiguous } from './ambiguous.ts'
import { by, decode, encode, forge, hmac, identityHeaders, type Part } from './forge.ts'

/** The request to every service at its own port, with a token. */
interface Door {
  name: string
  url: string
  path: string
  socket: boolean
}

describe('tokens and requests, at the gateway and at every service’s own port', () => {
  let product: Product & { file: StackFile }
  let doors: Door[]
  let good: { header: Part; claims: Part; pem: string; x: string }
  let guestToken: string
  let listener: Server
  let listenerUrl: string
  let hits = 0
  const stranger = generateKeyPairSync('ed25519')

  beforeAll(async () => {
    product = await startStack(['--gateway', '1', '--signaling', '1', '--chat', '1'])
    const { file } = product
    const url = product.gateways[0] ?? ''
    const ada = await anAccount(url, 'Ada')
    const { id } = await createMeeting(url, ada)
    guestToken = (await aGuest(url, 'Gast')).token
    const at = (service: 'auth' | 'meetings' | 'chat' | 'signaling') => file[service][0]?.url ?? ''
    doors = [
      { name: 'gateway', url, path: '/v1/auth/me', socket: true },
      { name: 'auth', url: at('auth'), path: '/v1/auth/me', socket: false },
      { name: 'meetings', url: at('meetings'), path: '/v1/meetings', socket: false },
      { name: 'chat', url: at('chat'), path: `/v1/meetings/${id}/messages`, socket: false },
      { name: 'signaling', url: at('signaling'), path: '/v1/ice-servers', socket: false },
    ]
    const [head, body] = ada.token.split('.')
    const kept = await sql<{ kid: string; private_key: string; public_x: string }>(
      file.postgres.url,
      'select kid, private_key, public_x from auth.signing_keys',
    )
    const key = kept.find(({ kid }) => kid === decode(head)['kid'])
    if (key === undefined) throw new Error('the key that signs is not in the database')
    // No secret is set here, so it is kept as it is, and the test can sign as auth does.
    good = { header: decode(head), claims: decode(body), pem: key.private_key.replace(/^plain:/, ''), x: key.public_x }
    listener = createServer((_request, response) => {
      hits += 1
      const jwk = { ...stranger.publicKey.export({ format: 'jwk' }), kid: 'evil', use: 'sig', alg: 'EdDSA' }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: [jwk] }))
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    listenerUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  }, 90_000)
  afterAll(async () => {
    listener.close()
    listener.closeAllConnections()
    await product.stop()
  }, 60_000)

  const get = async ({ url, path }: Door, headers: Record<string, string>) =>
    (await fetch(url + path, { headers, signal: AbortSignal.timeout(10_000) })).status
  async function upgrade({ url }: Door, token: string): Promise<number> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, ['parley.v1', `bearer.${token}`])
    const refused = once(socket, 'unexpected-response').then(
      ([, response]) => (response as { statusCode: number }).statusCode,
    )
    const opened = once(socket, 'open').then(() => 101)
    try {
      return await Promise.race([opened, refused])
    } finally {
      // It has been told, whatever it still says.
      socket.on('error', () => undefined)
      socket.terminate()
    }
  }
  /** Where a token is taken; empty when nowhere. */
  async function acceptedAt(token: string): Promise<string[]> {
    const accepted: string[] = []
    for (const door of doors) {
      if ((await get(door, { authorization: `Bearer ${token}` })) !== 401) accepted.push(door.name)
      // A text with other letters than a token's cannot be offered as a subprotocol.
      if (door.socket && /^[\w.-]+$/.test(token) && (await upgrade(door, token)) !== 401)
        accepted.push(`${door.name} by socket`)
    }
    return accepted
  }
  async function refusedAll(tokens: Record<string, string>): Promise<void> {
    const wrong: Record<string, string[]> = {}
    for (const [name, token] of Object.entries(tokens)) {
      const accepted = await acceptedAt(token)
      if (accepted.length > 0) wrong[name] = accepted
    }
    expect(wrong).toEqual({})
  }
  const asAuth = (changes: Part, header: Part = {}) =>
    forge({ ...good.header, ...header }, { ...good.claims, ...changes }, (input) =>
      sign(null, Buffer.from(input), good.pem),
    )
  const now = () => Math.floor(Date.now() / 1000)

  it('a token that the test signs with the real key is good everywhere: what is refused below is refused for its fault', async () => {
    expect(await acceptedAt(asAuth({}))).toEqual([
      'gateway',
      'gateway by socket',
      'auth',
      'meetings',
      'chat',
      'signaling',
    ])
  })

  it('S1 alg none, HMAC with the public key, another curve or kind of key', async () => {
    const { header, claims, pem, x } = good
    const publicPem = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString()
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const ed448 = generateKeyPairSync('ed448').privateKey
    const alg = (name: unknown) => ({ ...header, alg: name })
    const { alg: _alg, ...withoutAlg } = header
    await refusedAll({
      none: forge(alg('none'), claims, () => ''),
      None: forge(alg('None'), claims, () => ''),
      'none, with a signature of another': forge(alg('none'), claims, by(stranger.privateKey)),
      'no signature': forge(header, claims, () => ''),
      'no alg': forge(withoutAlg, claims, by(stranger.privateKey)),
      'HS256 with the PEM': forge(alg('HS256'), claims, hmac('sha256', publicPem)),
      'HS256 with the key': forge(alg('HS256'), claims, hmac('sha256', Buffer.from(x, 'base64url'))),
      'HS512 with x': forge(alg('HS512'), claims, hmac('sha512', x)),
      ES256: forge(alg('ES256'), claims, by(p256, 'sha256')),
      RS256: forge(alg('RS256'), claims, by(rsa, 'sha256')),
      'EdDSA with Ed448': forge(header, claims, by(ed448)),
      'EdDSA with another key': forge(header, claims, by(stranger.privateKey)),
      'an altered claim': asAuth({}).replace(
        /\.[^.]+\./,
        `.${encode({ ...claims, sub: '01900000-0000-7000-8000-000000000000' })}.`,
      ),
    })
  }, 30_000)

  it('S2 a key or an address that the token brings is not looked at: nothing is fetched', async () => {
    const { header, claims } = good
    const jwk = stranger.publicKey.export({ format: 'jwk' })
    const extras: Record<string, Part> = {
      jku: { jku: `${listenerUrl}/jwks.json`, kid: 'evil' },
      'jku with our kid': { jku: `${listenerUrl}/jwks.json` },
      x5u: { x5u: `${listenerUrl}/cert.pem`, kid: 'evil' },
      jwk: { jwk },
      'jwk with its kid': { jwk: { ...jwk, kid: 'evil' }, kid: 'evil' },
      x5c: { x5c: [Buffer.from('not a certificate').toString('base64')] },
      'kid as address': { kid: `${listenerUrl}/key` },
      'kid as path': { kid: '../../../../../../dev/null' },
      'kid as SQL': { kid: `x' UNION SELECT '${String(jwk.x)}' --` },
      'kid as prototype': { kid: '__proto__' },
      'kid as list': { kid: [header['kid']] },
      'kid as number': { kid: 0 },
      'kid as NUL': { kid: `${String(header['kid'])}\u0000` },
      crit: { crit: ['jku'], jku: `${listenerUrl}/jwks.json` },
      'iss as address': {},
    }
    await refusedAll(
      Object.fromEntries(
        Object.entries(extras).map(([name, extra]) => [
          name,
          forge(
            { ...header, ...extra },
            { ...claims, ...(name === 'iss as address' && { iss: listenerUrl }) },
            by(stranger.privateKey),
          ),
        ]),
      ),
    )
    expect(hits).toBe(0)
  }, 30_000)

  it('S3 another kind, audience or issuer, well signed', async () => {
    await refusedAll({
      'kind room': asAuth({ typ: 'room' }),
      'kind refresh': asAuth({ typ: 'refresh' }),
      'no kind': asAuth({ typ: undefined }),
      audience: asAuth({ aud: 'parley-room' }),
      'two audiences': asAuth({ aud: ['parley-api', 'other'] }),
      'no audience': asAuth({ aud: undefined }),
      issuer: asAuth({ iss: 'https://evil.example' }),
      'issuer with a slash': asAuth({ iss: 'parley/' }),
    })
    const meetings = doors.find(({ name }) => name === 'meetings')
    for (const url of [meetings?.url, doors[0]?.url])
      expect((await fetch(`${url}/v1/meetings`, { headers: { authorization: `Bearer ${guestToken}` } })).status).toBe(
        403,
      )
  }, 30_000)

  it('S4 expired, not yet good, or without a time that is one; 29 s of another clock are forgiven', async () => {
    await refusedAll({
      'expired 31 s ago': asAuth({ iat: now() - 900, exp: now() - 31 }),
      'good in 35 s': asAuth({ nbf: now() + 35 }),
      'made in 35 s': asAuth({ iat: now() + 35 }),
      'exp as text': asAuth({ exp: String(now() + 600) }),
      'exp 1e99': asAuth({ exp: 1e99 }),
      'exp in ten years': asAuth({ exp: now() + 315_360_000 }),
      'exp null': asAuth({ exp: null }),
      'no exp': asAuth({ exp: undefined }),
      'nbf as text': asAuth({ nbf: 'now' }),
      'iat missing': asAuth({ iat: undefined }),
    })
    expect(await acceptedAt(asAuth({ iat: now() - 900, exp: now() - 20 }))).toHaveLength(6)
    expect(await acceptedAt(asAuth({ nbf: now() + 20 }))).toHaveLength(6)
  }, 30_000)

  it('S5 identity headers from a client are ignored', async () => {
    const forged = identityHeaders(good.claims)
    for (const door of doors) {
      expect([door.name, await get(door, forged)]).toEqual([door.name, 401])
      expect([door.name, await get(door, { ...forged, authorization: 'Basic YWRtaW46YWRtaW4=' })]).toEqual([
        door.name,
        401,
      ])
    }
  })

  it('S32 requests that two parsers may read differently are refused by the gateway and by every service', async () => {
    const line = `Authorization: Bearer ${asAuth({})}`
    const wrong: string[] = []
    for (const { name, url, path } of doors) {
      const { good: whole, requests } = ambiguous(path, line)
      expect((await exchangeBytes(url, whole)).slice(0, 12)).toBe('HTTP/1.1 200')
      const asked = Object.entries(requests).map(async ([what, bytes]) => {
        const got = await exchangeBytes(url, bytes)
        if (/HTTP\/1\.1 [23]/.test(got)) wrong.push(`${name}, ${what}: ${got.split('\r\n')[0]}`)
      })
      await Promise.all(asked)
    }
    expect(wrong, wrong.join('\n')).toEqual([])
  }, 60_000)
})
