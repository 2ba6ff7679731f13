import { createLogger, createMemoryBus, createMemoryKv, newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from './testing/harness.ts'

const log = createLogger({ service: 'test', level: 'silent' })

describe('the wire', () => {
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => {
    product = await startNodes(1, { bus, kv })
  })
  afterAll(() => product.stop())

  it('R1 authenticates by the first message too', async () => {
    const client = await product.connect(0)
    const sub = newId()
    expect(await client.ask('auth.authenticate', { accessToken: product.issuer.token({ sub }) })).toMatchObject({
      type: 'auth.ok',
      payload: { userId: sub },
    })
    expect(await client.ask('ping')).toMatchObject({ type: 'pong' })
  })

  it('R1 a client may send everything in one go', async () => {
    const { roomToken, token } = product.grant(aMeeting(), 'Fast')
    const client = await product.connect(0)
    client.tell('auth.authenticate', { accessToken: token }, 'a')
    client.tell('room.join', { roomToken, device: { mic: true, cam: false } }, 'b')
    client.tell('hand.raise', {}, 'c')
    await eventually(() => expect(client.answersTo('c')).toMatchObject([{ type: 'ack' }]))
    expect(client.received.map(({ type }) => type)).toEqual([
      'auth.ok',
      'room.joined',
      expect.stringMatching(/ack|hand.changed/),
      expect.stringMatching(/ack|hand.changed/),
    ])
  })

  it('S3 bad tokens get nowhere: refused before the client is taken, or closed with 4401', async () => {
    await expect(product.connect(0, 'nonsense')).rejects.toThrow('401')
    await expect(product.connect(0, product.issuer.token({ exp: 1 }))).rejects.toThrow('401')
    const client = await product.connect(0)
    expect(await client.ask('auth.authenticate', { accessToken: 'nonsense' })).toMatchObject({
      type: 'error',
      payload: { code: 'unauthenticated' },
    })
    expect(await client.waitForClose()).toBe(4401)
    const early = await product.connect(0)
    expect(await early.ask('hand.raise')).toMatchObject({ payload: { code: 'unauthenticated' } })
    expect(await early.waitForClose()).toBe(4401)
  })

  it('H11 a text with half of a surrogate pair is refused with its path, wherever it is', async () => {
    const { roomToken, token } = product.grant(aMeeting(), 'Half')
    const client = await product.connect(0, token)
    await client.ask('room.join', { roomToken, device: { mic: true, cam: false } })
    for (const [type, payload, path] of [
      ['chat.send', { clientMessageId: 'a-message-1', text: 'a\ud83d' }, '/payload/text'],
      ['reaction.send', { reaction: '\ude00' }, '/payload/reaction'],
      ['rtc.signal', { to: newId(), data: { sdp: ['v=0', { x: '\ud800' }] } }, '/payload/data/sdp/1/x'],
    ] as const) {
      const { payload: problem } = await client.ask(type, payload)
      expect([type, problem]).toMatchObject([type, { code: 'invalid-input', errors: [{ path }] }])
    }
  })

  it('S15 a person who stays silent is sent away after 5 s', async () => {
    const client = await product.connect(0)
    expect(await client.waitForClose()).toBe(4401)
  })

  it('S14 a room token is good once, and for one person', async () => {
    const { roomToken, token } = product.grant(aMeeting(), 'Ada')
    const other = await product.connect(0, product.issuer.token())
    const device = { mic: true, cam: true }
    expect(await other.ask('room.join', { roomToken, device })).toMatchObject({
      payload: { code: 'room-token-invalid' },
    })
    const client = await product.connect(0, token)
    expect(await client.ask('room.join', { roomToken, device })).toMatchObject({ type: 'room.joined' })
    const again = await product.connect(0, token)
    expect(await again.ask('room.join', { roomToken, device })).toMatchObject({
      payload: { code: 'room-token-invalid' },
    })
  })

  it('O6 faults of a message are named by their path', async () => {
    const { client } = await product.join(0, aMeeting(), 'Ada')
    expect(await client.ask('media.update', { mic: 'on', role: 'host' })).toMatchObject({
      type: 'error',
      payload: {
        code: 'invalid-input',
        status: 400,
        errors: expect.arrayContaining([
          expect.objectContaining({ path: '/payload/mic' }),
          expect.objectContaining({ path: '/payload/role' }),
        ]),
      },
    })
    expect(await client.ask('no.such')).toMatchObject({ payload: { code: 'unknown-type' } })
    expect(await client.ask('__proto__')).toMatchObject({ payload: { code: 'unknown-type' } })
    expect(await client.ask('room.join', { roomToken: 'x', device: { mic: true, cam: true } })).toMatchObject({
      payload: { code: 'wrong-state' },
    })
  })

  it('R1 the same request id repeats the answer, not the act', async () => {
    const { client } = await product.join(0, aMeeting(), 'Ada')
    const first = await client.ask('reaction.send', { reaction: '👍' }, 'same')
    expect(await client.ask('reaction.send', { reaction: '👍' }, 'same')).toEqual(first)
    await client.ask('ping')
    expect(client.of('reaction.added')).toHaveLength(1)
  })

  it('R10 a large answer is not kept for a repetition: it is made anew', async () => {
    const { client } = await product.join(0, aMeeting({ description: 'x'.repeat(20_000) }), 'Ada')
    const first = await client.ask('room.sync', { v: 1_000 }, 'large')
    expect(first.type).toBe('room.snapshot')
    await client.ask('hand.raise')
    const again = await client.ask('room.sync', { v: 1_000 }, 'large')
    expect(again.payload['v']).toBe((first.payload['v'] as number) + 1)
  })

  it('S25 frames that are not JSON or not text close the socket', async () => {
    const send = async (data: string | Buffer) => {
      const client = await product.connect(0, product.issuer.token())
      client.raw(data)
      return client.waitForClose()
    }
    expect(await send('{')).toBe(4400)
    expect(await send(Buffer.from('{}'))).toBe(4400)
  })

  it('S26 a value that is too deep or too large is refused before it is used', async () => {
    const { client, id } = await product.join(0, aMeeting(), 'Ada')
    const deep = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`)
    const signal = async (data: unknown) => (await client.ask('rtc.signal', { to: id, data })).payload['code']
    expect(await signal(deep(30))).toBeUndefined()
    expect(await signal(deep(31))).toBe('invalid-input')
    expect(await signal(Array.from({ length: 990 }, () => 1))).toBeUndefined()
    expect(await signal(Array.from({ length: 1_000 }, () => 1))).toBe('invalid-input')
  })

  it('S27 a flood is slowed down, then cut', async () => {
    const { client } = await product.join(0, aMeeting(), 'Ada')
    for (let n = 0; n < 1_000; n++) client.tell('reaction.send', { reaction: '👍' }, `f${n}`)
    expect(await client.waitForClose()).toBe(4429)
    expect(client.of('error')[0]).toMatchObject({ payload: { code: 'rate-limited', retryAfterMs: expect.any(Number) } })
  })

  it('R11 gives the ICE servers to signed-in users', async () => {
    const url = `${product.nodes[0]?.url}/v1/ice-servers`
    expect((await fetch(url)).status).toBe(401)
    const answer = await fetch(url, { headers: { authorization: `Bearer ${product.issuer.token()}` } })
    expect([answer.status, await answer.json()]).toEqual([200, { iceServers: [] }])
  })
})
