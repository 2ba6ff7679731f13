import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anAccount, createMeeting, type Account } from '../support/accounts.ts'
import { startEmbedded, type Product } from '../support/product.ts'
import { ProtocolSocket, takeSeat, type Seated } from '../support/protocol-socket.ts'
import { frame, RawSocket } from '../support/raw-socket.ts'

let product: Product
let url: string
let ada: Account
let meeting: { id: string; code: string }
let watcher: Seated
beforeAll(async () => {
  product = await startEmbedded()
  url = product.gateways[0] ?? ''
  ada = await anAccount(url, 'Ada')
  meeting = await createMeeting(url, ada)
  watcher = await takeSeat(url, await anAccount(url, 'Watcher'), meeting)
}, 90_000)
afterAll(() => product.stop(), 60_000)
beforeEach(async () => {
  // The others go on after each test.
  const outcome = await watcher.socket.outcome('ping')
  if (outcome !== 'pong') throw new Error(`the socket of somebody else answers ${outcome}`)
})

describe('S25 sizes', () => {
  const padded = (bytes: number): string => {
    const around = JSON.stringify({ type: 'ping', requestId: 'big', payload: {} }).length
    return `${' '.repeat(bytes - around)}${JSON.stringify({ type: 'ping', requestId: 'big', payload: {} })}`
  }

  it('64 KiB in one frame are taken, one byte more closes with 1009', async () => {
    const socket = await ProtocolSocket.open(url, ada.token)
    socket.raw(padded(65_536))
    await socket.waitFor('pong')
    socket.raw(padded(65_537))
    expect((await socket.waitForClose()).code).toBe(1009)
  })

  it('a frame that is too long is refused in two fragments too, and so is one that is announced and never sent', async () => {
    const half = Buffer.alloc(40_000, ' ')
    const twice = await RawSocket.open(url, ada.token)
    twice.write(frame(0x01, half), frame(0x80, half))
    expect(await twice.closeCode()).toBe(1009)
    const announced = await RawSocket.open(url, ada.token)
    // A length of 2^40 bytes.
    announced.write(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]))
    expect(await announced.closeCode()).toBe(1009)
  })

  it('a message may come in 16 fragments, not in 17', async () => {
    const text = JSON.stringify({ type: 'ping', requestId: 'parts', payload: {} })
    const inParts = (count: number): Buffer[] =>
      Array.from({ length: count }, (_, n) =>
        frame((n === 0 ? 1 : 0) | (n === count - 1 ? 0x80 : 0), Buffer.from(n === 0 ? text : ' ')),
      )
    const sixteen = await RawSocket.open(url, ada.token)
    sixteen.write(...inParts(16))
    await sixteen.waitForText('"parts"')
    sixteen.end()
    const seventeen = await RawSocket.open(url, ada.token)
    seventeen.write(...inParts(17))
    expect(await seventeen.closeCode()).toBe(1008)
    expect(seventeen.text()).not.toContain('"parts"')
  })

  it('compression is not negotiated, however it is offered, and a compressed frame closes with 1002', async () => {
    for (const offer of ['permessage-deflate', 'permessage-deflate; client_max_window_bits, x-webkit-deflate-frame']) {
      const socket = await RawSocket.open(url, ada.token, { 'Sec-WebSocket-Extensions': offer })
      expect(socket.head.toLowerCase()).not.toContain('sec-websocket-extensions')
      socket.write(frame(0xc1, Buffer.from([0xaa, 0x56, 0x4a])))
      expect(await socket.closeCode()).toBe(1002)
    }
  })
})

describe('S26 JSON bombs', () => {
  const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`
  /** Frames as large as they may be; all have to be answered with a problem that says what is wrong. */
  const bombs: [string, string, string][] = [
    ['arrays nested 25,000 deep as payload', `{"type":"ping","payload":${nested(25_000, '[', ']')}}`, 'invalid-input'],
    ['objects nested 10,000 deep', `{"type":"ping","payload":${nested(10_000, '{"a":', '}')}}`, 'invalid-input'],
    [
      'a signal nested 10,000 deep',
      `{"type":"rtc.signal","payload":{"to":"SELF","data":${nested(10_000, '[', ']')}}}`,
      'invalid-input',
    ],
    [
      'a signal of objects nested 9,000 deep',
      `{"type":"rtc.signal","payload":{"to":"SELF","data":${nested(9_000, '{"a":', '}')}}}`,
      'invalid-input',
    ],
    [
      'an object of 5,000 unknown keys',
      `{"type":"ping","payload":{${Array.from({ length: 5_000 }, (_, n) => `"k${n}":1`).join()}}}`,
      'invalid-input',
    ],
    ['__proto__ in the envelope', '{"type":"ping","__proto__":{"requestId":"x"}}', 'invalid-input'],
    ['__proto__ in the payload', '{"type":"hand.raise","payload":{"__proto__":{"admin":true}}}', 'invalid-input'],
    [
      'constructor.prototype',
      '{"type":"media.update","payload":{"mic":true,"constructor":{"prototype":{"x":1}}}}',
      'invalid-input',
    ],
    ['a type that every object has', '{"type":"constructor"}', 'unknown-type'],
    ['a number beyond all', '{"type":"room.sync","payload":{"v":1e400}}', 'invalid-input'],
  ]
  it.each(bombs)('%s', async (_name, text, code) => {
    const { socket, id } = await takeSeat(url, ada, meeting)
    expect(text.length).toBeLessThan(65_000)
    socket.raw(text.replace('"SELF"', JSON.stringify(id)))
    const { payload } = await socket.waitFor('error')
    expect(payload['code']).toBe(code)
    expect(JSON.stringify(payload).length).toBeLessThan(4_000)
    expect(await socket.outcome('ping')).toBe('pong')
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
    socket.drop()
  })

  it('a signal that names __proto__ arrives as what was sent and changes nothing', async () => {
    const { socket } = await takeSeat(url, ada, meeting)
    const data = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"n":1}'
    socket.raw(`{"type":"rtc.signal","requestId":"p","payload":{"to":"${watcher.id}","data":${data}}}`)
    const { payload } = await watcher.socket.waitFor('rtc.signal')
    expect(JSON.stringify(payload['data'])).toBe(data)
    expect(await watcher.socket.ask('ping')).not.toHaveProperty('polluted')
    socket.drop()
  })

  it('depth 50,000 and 10^6 keys are too large for a frame, and close it', async () => {
    for (const text of [
      nested(50_000, '[', ']'),
      `{${Array.from({ length: 1_000_000 }, (_, n) => `"${n}":1`).join()}}`,
    ]) {
      const socket = await ProtocolSocket.open(url, ada.token)
      socket.raw(text)
      expect((await socket.waitForClose()).code).toBe(1009)
    }
  })
})

describe('S27 a flood', () => {
  it('10,000 messages/s from one client: it is cut within 1 s, and the others’ signals go on', async () => {
    const eve = await takeSeat(url, await anAccount(url, 'Eve'), meeting)
    const [a, b] = [await takeSeat(url, ada, meeting), await takeSeat(url, ada, meeting)]
    const sentAt: number[] = []
    let flooding = true
    const others = (async () => {
      while (flooding || sentAt.length < 150) {
        sentAt.push(performance.now())
        a.socket.tell('rtc.signal', { to: b.id, data: { n: sentAt.length - 1 } })
        await sleep(20)
      }
    })()
    const from = Date.now()
    let sent = 0
    while (eve.socket.closed === null && Date.now() - from < 5_000) {
      for (let n = 0; n < 100; n++) eve.socket.tell('reaction.send', { reaction: '👍' }, `f${sent++}`)
      await sleep(10)
    }
    const { code, at } = await eve.socket.waitForClose()
    flooding = false
    await others
    await b.socket.waitFor('rtc.signal', ({ data }) => (data as { n: number }).n === sentAt.length - 1)
    const arrived = b.socket.all.filter(({ type }) => type === 'rtc.signal')
    const sorted = arrived.map(({ at: came }, n) => came - (sentAt[n] ?? 0)).toSorted((x, y) => x - y)
    const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0
    expect(sorted.length).toBe(sentAt.length)
    console.log(
      `S27: cut after ${at - from} ms and ${sent} messages; ${sorted.length} signals of others, p99 ${p99.toFixed(1)} ms`,
    )
    expect(code).toBe(4429)
    expect(at - from).toBeLessThanOrEqual(1_000)
    expect(eve.socket.all.some(({ payload }) => payload['code'] === 'rate-limited')).toBe(true)
    a.socket.drop()
    b.socket.drop()
  })

  it('a flood of what is no message at all, and one of pings of the protocol, are cut too', async () => {
    const wrong = await ProtocolSocket.open(url, ada.token)
    for (let n = 0; n < 2_000; n++) wrong.raw('{"nothing":"known"}')
    expect((await wrong.waitForClose()).code).toBe(4429)
    const pings = await RawSocket.open(url, ada.token)
    for (let n = 0; n < 2_000; n++) pings.write(frame(0x89, Buffer.alloc(100)))
    expect(await pings.closeCode()).toBe(4429)
  })
})
