import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createLogger, createMemoryBus, createMemoryKv, Pace, windowMs, WriteBatch, WsPeerSocket } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../room/frames.ts'
import { aMeeting, startNodes } from '../testing/harness.ts'

describe('what is written together', () => {
  let server: WebSocketServer
  beforeAll(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
    await once(server, 'listening')
  })
  afterAll(() => server.close())

  /** Our side of a new socket, what it writes, and what its client receives. */
  async function open(atOnce: WriteBatch) {
    const accepted = once(server, 'connection')
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const received: string[] = []
    client.on('message', (data) => received.push(String(data)))
    const [[ws, request]] = await Promise.all([accepted, once(client, 'open')])
    const tcp: Socket = request.socket
    const writes = vi.spyOn(tcp, 'write')
    return { peer: new WsPeerSocket(ws, tcp, atOnce), writes, received, client }
  }

  it('P1 frames in a window leave in one write, the same bytes to everybody', async () => {
    const atOnce = new WriteBatch()
    const [one, other] = [await open(atOnce), await open(atOnce)]
    const room = new WriteBatch()
    room.waitMs = windowMs
    for (const text of ['first', 'second', 'third']) {
      const frame = textFrame(text)
      for (const { peer } of [one, other]) peer.sendWith(room, frame)
      await nextTurn()
    }
    expect(one.writes).not.toHaveBeenCalled()
    await eventually(() => expect(other.received).toEqual(['first', 'second', 'third']))
    await eventually(() => expect(one.received).toEqual(['first', 'second', 'third']))
    expect([one.writes.mock.calls.length, other.writes.mock.calls.length]).toEqual([1, 1])
    expect(one.writes.mock.calls[0]?.[0]).toBe(other.writes.mock.calls[0]?.[0])
    for (const { client } of [one, other]) client.terminate()
  })

  it('P1 an urgent frame flushes the frames before it, in order, and the window goes on', async () => {
    const { peer, writes, received, client } = await open(new WriteBatch())
    const room = new WriteBatch()
    room.waitMs = 10_000
    peer.sendWith(room, textFrame('broadcast'))
    peer.send(textFrame('signal'))
    await nextTurn()
    await nextTurn()
    expect(writes).toHaveBeenCalledTimes(1)
    await eventually(() => expect(received).toEqual(['broadcast', 'signal']))
    peer.sendWith(room, textFrame('later'))
    peer.close('normal')
    await eventually(() => expect(received).toEqual(['broadcast', 'signal', 'later']))
    client.terminate()
  })

  it('R10 queued bytes are bounded: a reading socket gets them early, a stalled one is closed', async () => {
    const { peer, received, client } = await open(new WriteBatch())
    const room = new WriteBatch()
    room.waitMs = 10_000
    for (let n = 0; n < 300; n++) peer.sendWith(room, textFrame(`${n}`))
    await eventually(() => expect(received.length).toBeGreaterThanOrEqual(256))
    client.pause()
    const closed = once(client, 'close')
    const large = textFrame('x'.repeat(60_000))
    for (let n = 0; n < 400; n++) peer.sendWith(room, large)
    expect(peer.open).toBe(false)
    client.resume()
    expect((await closed)[0]).toBe(4413)
  })
})

describe('the pace of a room', () => {
  it('P1 is quiet at 20 messages a second, busy at 80, and quiet again after a pause', () => {
    const pace = new Pace()
    let now = 1_000
    const waits = (count: number, everyMs: number) => Array.from({ length: count }, () => pace.next((now += everyMs)))
    expect(new Set(waits(100, 50))).toEqual(new Set([0]))
    expect(waits(100, 12.5).slice(-80)).toEqual(Array.from({ length: 80 }, () => windowMs))
    expect(waits(5, 1_000)).toEqual([0, 0, 0, 0, 0])
    // A few at once in a quiet room do not wait.
    expect(waits(5, 1)).toEqual([0, 0, 0, 0, 0])
  })
})

describe('a busy room', () => {
  const log = createLogger({ service: 'test', level: 'silent' })
  const bus = createMemoryBus({ log })
  const kv = createMemoryKv({ log })
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => {
    product = await startNodes(1, { bus, kv })
  })
  afterAll(() => product.stop())

  it('P1 everybody sees every version in order, and one’s own change before its answer', async () => {
    const meeting = aMeeting()
    const people = await Promise.all(['Ada', 'Ben', 'Cleo'].map((name) => product.join(0, meeting, name)))
    const inside = Math.max(...people.map(({ joined }) => joined['v'] as number))
    for (let n = 0; n < 50; n++) {
      for (const { client } of people) client.tell('media.update', { cam: n % 2 === 1 }, `c${n}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const { client, id, joined } of people) {
      await eventually(() => expect(client.of('media.changed').at(-1)?.payload['v']).toBe(inside + 150))
      const versions = client.received.flatMap(({ payload }) =>
        typeof payload?.['v'] === 'number' ? payload['v'] : [],
      )
      const from = joined['v'] as number
      const broadcasts = client.received.filter(({ type }) => /^(media|participant)\./.test(type))
      expect(broadcasts.map(({ payload }) => payload['v'])).toEqual(
        broadcasts.map((_message, index) => from + 1 + index),
      )
      expect(versions.length).toBeGreaterThan(150)
      const own = client.received.filter((message) => message.type === 'ack' || message.payload['participantId'] === id)
      expect(own.map(({ type }) => type)).toEqual(Array.from({ length: 50 }, () => ['media.changed', 'ack']).flat())
    }
  })
})
