import { createConnection } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { exchangeRaw, handshake, openSocket, read, type HandshakeOptions } from '../testing/raw.ts'
import { rank } from './rendezvous.ts'

describe('what is refused before anything is dialled', () => {
  let gateway: TestGateway
  let touchesBefore = 0
  beforeAll(async () => {
    gateway = await startGateway({ ALLOWED_ORIGINS: 'https://app.example', PUBLIC_URL: 'https://meet.example' })
  })
  beforeEach(() => void (touchesBefore = gateway.touches()))
  afterAll(() => gateway.stop())

  const attempt = async (options: HandshakeOptions = {}) => {
    const answer = await exchangeRaw(gateway.url, handshake(gateway.url, options))
    return { ...answer, dialled: gateway.touches() - touchesBefore }
  }

  it.each<[string, string | string[]]>([
    ['another site', 'https://evil.example'],
    ['null', 'null'],
    ['a suffix', 'https://meet.example.evil.com'],
    ['a prefix', 'https://evilmeet.example'],
    ['another port', 'https://meet.example:8443'],
    ['another scheme', 'http://meet.example'],
    ['a path', 'https://meet.example/'],
    ['user info', 'https://meet.example@evil.example'],
    ['two origins', ['https://meet.example', 'https://evil.example']],
    ['the same twice', ['https://meet.example', 'https://meet.example']],
    ['a list', 'https://meet.example, https://evil.example'],
    ['an empty one', ''],
  ])('S12 origin: %s', async (_name, Origin) => {
    const { status, rest, dialled } = await attempt({ headers: { Origin } })
    expect(status).toBe(403)
    expect(JSON.parse(rest)).toMatchObject({ code: 'origin-not-allowed' })
    expect(dialled).toBe(0)
  })

  it.each(['https://meet.example', 'https://app.example', null])('S12 lets %s in', async (Origin) => {
    expect((await attempt({ headers: { Origin } })).status).toBe(101)
  })

  it.each<[string, HandshakeOptions, number]>([
    ['POST', { method: 'POST' }, 405],
    ['version 8', { headers: { 'Sec-WebSocket-Version': '8' } }, 426],
    ['no key', { headers: { 'Sec-WebSocket-Key': null } }, 400],
    ['a short key', { headers: { 'Sec-WebSocket-Key': 'YQ==' } }, 400],
    ['an upgrade to something else', { headers: { Upgrade: 'h2c' } }, 400],
    ['a body', { headers: { 'Content-Length': '5' } }, 400],
    ['no subprotocol', { headers: { 'Sec-WebSocket-Protocol': null } }, 400],
    ['another subprotocol', { protocols: 'chat' }, 400],
    ['two tokens', { protocols: 'parley.v1, bearer.a, bearer.b' }, 400],
    ['a bad token', { protocols: 'parley.v1, bearer.abc' }, 401],
    ['an empty token', { protocols: 'parley.v1, bearer.' }, 401],
    ['an encoded path', { path: '/v1/%77s' }, 426],
    ['another path', { path: '/v1/ws/x' }, 404],
    ['a double slash', { path: '//v1/ws' }, 400],
  ])('O1 refuses %s', async (_name, options, expected) => {
    const { status, dialled } = await attempt(options)
    expect(status).toBe(expected)
    expect(dialled).toBe(0)
  })

  it('S4 an expired token is refused with its code', async () => {
    const { status, rest, dialled } = await attempt({
      protocols: `parley.v1, bearer.${gateway.issuer.token({ iat: 1, exp: 2 })}`,
    })
    expect([status, (JSON.parse(rest) as { code: string }).code, dialled]).toEqual([401, 'token-expired', 0])
  })

  it('S5 forged headers do not pass, the offered protocols do, extensions do not', async () => {
    const protocols = `parley.v1, bearer.${gateway.issuer.token()}`
    const headers = {
      'X-Forwarded-For': '6.6.6.6',
      'X-User-Id': 'root',
      'Sec-WebSocket-Extensions': 'permessage-deflate',
    }
    const { status } = await attempt({ path: '/v1/ws?meeting=m1', protocols, headers })
    expect(status).toBe(101)
    const seen = gateway.upstreams.signaling.seen.at(-1)
    expect(seen?.url).toBe('/v1/ws?meeting=m1')
    expect(seen?.headers).toMatchObject({
      'sec-websocket-protocol': protocols,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'meet.example',
    })
    expect(seen?.headers).not.toHaveProperty('x-user-id')
    expect(seen?.headers).not.toHaveProperty('sec-websocket-extensions')
  })

  it('S32 bytes that a client sends before the node agreed never become a request to it', async () => {
    const { signaling } = gateway.upstreams
    const usual = signaling.upgrade
    signaling.upgrade = (_request, socket) =>
      void socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno')
    const before = signaling.seen.length
    const smuggled = 'GET /v1/secret HTTP/1.1\r\nHost: a\r\n\r\n'
    const { status, rest } = await exchangeRaw(gateway.url, handshake(gateway.url) + smuggled)
    signaling.upgrade = usual
    expect([status, rest]).toEqual([426, 'no'])
    expect(signaling.seen.length).toBe(before + 1)
  })
})

describe('origin outside production', () => {
  let gateway: TestGateway
  afterEach(() => gateway.stop())

  it('S12 without PUBLIC_URL the own origin is what Host says', async () => {
    gateway = await startGateway()
    const own = new URL(gateway.url).origin
    expect((await exchangeRaw(gateway.url, handshake(gateway.url, { headers: { Origin: own } }))).status).toBe(101)
    expect(
      (await exchangeRaw(gateway.url, handshake(gateway.url, { headers: { Origin: `${own}.evil.com` } }))).status,
    ).toBe(403)
  })
})

describe('limits of sockets', () => {
  let gateway: TestGateway
  afterEach(() => gateway.stop())

  it('S15 unauthenticated sockets of one address are bounded; with a token one still gets in', async () => {
    gateway = await startGateway({ MAX_UNAUTHENTICATED_PER_ADDRESS: '3' })
    const opened = await Promise.all([1, 2, 3].map(() => openSocket(gateway.url)))
    expect(opened.map(({ answer }) => answer.status)).toEqual([101, 101, 101])
    const fourth = await exchangeRaw(gateway.url, handshake(gateway.url))
    expect([fourth.status, Number(fourth.headers['retry-after'])]).toEqual([429, 6])
    const known = await openSocket(gateway.url, { protocols: `parley.v1, bearer.${gateway.issuer.token()}` })
    expect(known.answer.status).toBe(101)
    for (const { socket } of [...opened, known]) socket.destroy()
    await expect.poll(async () => (await exchangeRaw(gateway.url, handshake(gateway.url))).status).toBe(101)
  })

  it('R10 no more than MAX_SOCKETS, counted in the metrics', async () => {
    gateway = await startGateway({ MAX_SOCKETS: '2' })
    const protocols = `parley.v1, bearer.${gateway.issuer.token()}`
    const [first] = await Promise.all([1, 2].map(() => openSocket(gateway.url, { protocols })))
    expect((await exchangeRaw(gateway.url, handshake(gateway.url, { protocols }))).status).toBe(503)
    expect(await gateway.metrics()).toMatch(/parley_gateway_sockets\{service="gateway"\} 2/)
    first?.socket.destroy()
    await expect
      .poll(async () => (await exchangeRaw(gateway.url, handshake(gateway.url, { protocols }))).status)
      .toBe(101)
  })

  it('S6 upgrades of one address are limited', async () => {
    gateway = await startGateway({ RATE_LIMIT_UPGRADES: '5' })
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchangeRaw(gateway.url, handshake(gateway.url))))
    expect(answers.filter(({ status }) => status === 429).length).toBe(3)
  })
})

describe('which node', () => {
  let gateway: TestGateway
  afterEach(() => gateway.stop())

  it('O1 people of one meeting go to one node; other meetings to others', async () => {
    gateway = await startGateway()
    const nodes = [gateway.upstreams.signaling, await gateway.add('signaling'), await gateway.add('signaling')]
    const sockets = await Promise.all(
      Array.from({ length: 120 }, (_value, index) =>
        openSocket(gateway.url, { path: `/v1/ws?meeting=m${index % 60}` }),
      ),
    )
    const meetingsOf = nodes.map(({ seen }) => new Set(seen.map(({ url }) => url)))
    expect(meetingsOf.reduce((sum, urls) => sum + urls.size, 0)).toBe(60)
    // The ids of the nodes are random: that one of three gets none of 60 meetings has a chance of 10^-10.
    expect(meetingsOf.every((urls) => urls.size > 0)).toBe(true)
    for (const { socket } of sockets) socket.destroy()
  })

  it('T1 a dead node is passed over', async () => {
    gateway = await startGateway()
    await gateway.add('signaling')
    await gateway.upstreams.signaling.kill()
    for (let index = 0; index < 8; index += 1) {
      const { answer, socket } = await openSocket(gateway.url, { path: `/v1/ws?meeting=m${index}` })
      expect(answer.status).toBe(101)
      socket.destroy()
    }
  })

  it('O6 without any node: 503 with Retry-After', async () => {
    gateway = await startGateway()
    await gateway.upstreams.signaling.kill()
    const { status, headers, rest } = await exchangeRaw(gateway.url, handshake(gateway.url))
    expect([status, headers['retry-after'], (JSON.parse(rest) as { code: string }).code]).toEqual([
      503,
      '1',
      'unavailable',
    ])
  })

  it('O1 a client that vanishes while a node is slow costs nothing', async () => {
    gateway = await startGateway()
    const { signaling } = gateway.upstreams
    const closed = new Promise<void>((resolve) => {
      signaling.upgrade = (_request, socket) => void socket.resume().once('end', () => resolve())
    })
    const { port } = new URL(gateway.url)
    const socket = createConnection(Number(port), '127.0.0.1')
    socket.write(handshake(gateway.url))
    await expect.poll(() => signaling.sockets.length).toBe(1)
    socket.resetAndDestroy()
    await closed
    await expect.poll(() => gateway.metrics()).toMatch(/parley_gateway_sockets\{service="gateway"\} 0/)
  })

  it('rank: stable, spread evenly, and a lost node moves only its own keys', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id }))
    const keys = Array.from({ length: 4_000 }, (_value, index) => `meeting-${index}`)
    const first = (key: string, list: typeof nodes) => rank(key, list)[0]?.id
    const before = keys.map((key) => first(key, nodes))
    for (const id of ['a', 'b', 'c', 'd']) expect(before.filter((one) => one === id).length).toBeGreaterThan(850)
    const after = keys.map((key) => first(key, nodes.slice(0, 3)))
    expect(after.every((id, index) => before[index] === 'd' || id === before[index])).toBe(true)
    expect(first('x', [...nodes].reverse())).toBe(first('x', nodes))
  })

  it('O1 bytes that come with the handshake reach the node after it agreed', async () => {
    gateway = await startGateway()
    const { answer, socket } = await openSocket(gateway.url, {}, 'early')
    expect(answer.status).toBe(101)
    expect(await read(socket, 5)).toBe('early')
    socket.destroy()
  })
})
