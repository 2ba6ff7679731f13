import { createServer, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket as ServerSocket } from 'ws'
import type { ServerMessage } from '@parley/contracts'
import { meaningOf, type Loss } from './close-meaning.ts'
import { Socket, SocketLost, socketTiming, type SocketTiming } from './socket.ts'
import { eventually } from './testing/eventually.ts'
import { problem, startTestGateway, type TestGateway } from './testing/gateway.ts'

let gateway: TestGateway
let server: ServerSocket | null
let offered: string | undefined
let received: { type: string; requestId?: string; payload: unknown }[]
beforeEach(async () => {
  gateway = await startTestGateway()
  server = null
  received = []
  gateway.onSocket((socket, request) => {
    server = socket
    offered = request.headers['sec-websocket-protocol']
    socket.on('message', (data) => received.push(JSON.parse(String(data)) as (typeof received)[number]))
  })
})
afterEach(() => gateway.close())

const open = (timing: Partial<SocketTiming> = {}) =>
  Socket.open({ url: gateway.wsUrl, accessToken: 'the-token', WebSocket, timing: { ...socketTiming, ...timing } })
const tell = (message: unknown) => server?.send(typeof message === 'string' ? message : JSON.stringify(message))
const listen = (socket: Socket) => {
  const messages: ServerMessage[] = []
  const losses: Loss[] = []
  socket.attach({ message: (message) => messages.push(message), lost: (loss) => losses.push(loss) })
  return { messages, losses }
}

test('R1 it offers the subprotocol and the token', async () => {
  const socket = await open()
  expect(offered).toBe('parley.v1, bearer.the-token')
  socket.drop()
})

describe('R1 requests', () => {
  test('an answer goes to its request, whatever the order', async () => {
    const socket = await open()
    const first = socket.request('hand.raise', {}, 'one')
    const second = socket.request('moderation.muteAll', { kind: 'mic' }, 'two')
    await eventually(() => received.length === 2)
    expect(received[0]).toEqual({ type: 'hand.raise', requestId: 'one', payload: {} })
    tell({ type: 'ack', requestId: 'two', payload: { count: 4 } })
    tell({ type: 'ack', requestId: 'one' })
    expect(await second).toEqual({ type: 'ack', payload: { count: 4 } })
    expect(await first).toEqual({ type: 'ack', payload: {} })
    socket.drop()
  })

  test('an error is a ParleyError; an answer of another kind is one too; none in time is past the deadline', async () => {
    const socket = await open()
    const refused = socket.request('hand.raise', {}, 'one')
    const strange = socket.request('hand.raise', {}, 'two')
    await eventually(() => received.length === 2)
    tell({ type: 'error', requestId: 'one', payload: problem('forbidden', 403) })
    tell({ type: 'pong', requestId: 'two', payload: {} })
    await expect(refused).rejects.toMatchObject({ problem: { code: 'forbidden' } })
    await expect(strange).rejects.toMatchObject({ problem: { code: 'internal' } })
    socket.drop()
    const hasty = await open({ answerMs: 50 })
    await expect(hasty.request('hand.lower', {})).rejects.toMatchObject({ problem: { code: 'deadline-exceeded' } })
    hasty.drop()
  })

  test('a message too large for a frame is not sent, nor are too many at once', async () => {
    const socket = await open()
    await expect(socket.request('rtc.signal', { to: 'x', data: 'y'.repeat(70_000) })).rejects.toMatchObject({
      problem: { code: 'too-large' },
    })
    const waiting = Array.from({ length: 512 }, () => socket.request('hand.raise', {}))
    await expect(socket.request('hand.raise', {})).rejects.toMatchObject({ problem: { code: 'rate-limited' } })
    socket.drop()
    for (const answer of await Promise.allSettled(waiting)) expect(answer.status).toBe('rejected')
  })
})

describe('R8 the end of a socket', () => {
  test('a close code is reported once, and pending requests are rejected with it', async () => {
    const socket = await open()
    const { losses } = listen(socket)
    const waiting = socket.request('hand.raise', {})
    server?.close(4413, 'too slow')
    const error: unknown = await waiting.catch((e: unknown) => e)
    expect(error).toBeInstanceOf(SocketLost)
    expect(losses).toEqual([{ code: 4413, reason: 'too slow', opened: true }])
    await expect(socket.request('hand.raise', {})).rejects.toBeInstanceOf(SocketLost)
  })

  test('a server that is gone, never was, or does not answer the handshake', async () => {
    await expect(
      Socket.open({ url: 'ws://127.0.0.1:1', accessToken: 'x', WebSocket, timing: socketTiming }),
    ).rejects.toMatchObject({ loss: { code: 1006, opened: false } })
    const socket = await open()
    const { losses } = listen(socket)
    server?.terminate()
    await eventually(() => losses.length)
    expect(losses[0]?.code).toBe(1006)
    // It takes connections and says nothing. One that answers may be quicker than any deadline.
    const mute = createServer((connection) => connection.on('error', () => connection.destroy()))
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const url = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}`
    const timing = { ...socketTiming, openMs: 50 }
    await expect(Socket.open({ url, accessToken: 'x', WebSocket, timing })).rejects.toBeInstanceOf(SocketLost)
    mute.close()
  })

  test('20 s of silence are the end, anything that comes is not silence', async () => {
    const socket = await open({ silentMs: 1_500 })
    const { losses } = listen(socket)
    for (let i = 0; i < 9; i++) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      tell({ type: 'ping', payload: { v: 1, chatSeq: 1, serverTime: '' } })
    }
    expect(losses).toEqual([])
    await eventually(() => losses.length)
    expect(losses).toEqual([{ code: 4408, reason: 'the server is silent', opened: true }])
    expect(socketTiming.silentMs).toBe(20_000)
  })

  test('a probe finds out sooner', async () => {
    const socket = await open({ probeMs: 50 })
    const { losses } = listen(socket)
    await socket.probe()
    expect(losses.length).toBe(1)
  })

  test('dropping it tells nobody', async () => {
    const socket = await open()
    const { losses } = listen(socket)
    socket.drop()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(losses).toEqual([])
  })
})

test('R8 a server ping is answered with pong and passed on', async () => {
  const socket = await open()
  const { messages } = listen(socket)
  tell({ type: 'ping', payload: { v: 3, chatSeq: 4, serverTime: '' } })
  await eventually(() => received.some(({ type }) => type === 'pong'))
  expect(messages.map(({ type }) => type)).toEqual(['ping'])
  socket.drop()
})

test('R8 frames wait in order until somebody listens', async () => {
  const socket = await open()
  for (const v of [1, 2, 3]) tell({ type: 'ping', payload: { v, chatSeq: 0, serverTime: '' } })
  await eventually(() => received.length === 3)
  expect(listen(socket).messages.map(({ payload }) => (payload as { v: number }).v)).toEqual([1, 2, 3])
  socket.drop()
})

test('R10 a frame that is no message, or of a newer version, is ignored', async () => {
  const socket = await open()
  const { messages, losses } = listen(socket)
  for (const junk of [
    '{',
    '[]',
    '"x"',
    '{"type":7}',
    '{"type":"new.thing","payload":{}}',
    '{"type":"ping"}',
    '{"type":"__proto__","payload":{}}',
  ])
    tell(junk)
  tell({ type: 'ping', payload: { v: 1, chatSeq: 0, serverTime: '' } })
  await eventually(() => messages.length)
  expect(messages.length).toBe(1)
  expect(losses).toEqual([])
  socket.drop()
})

test.each([
  [1001, 'resume'],
  [1005, 'resume'],
  [1006, 'resume'],
  [1011, 'resume'],
  [1012, 'resume'],
  [4408, 'resume'],
  [4413, 'resume'],
  [4429, 'resume'],
  [1000, 'left'],
  [4401, 'renew'],
  [4403, 'removed'],
  [4409, 'elsewhere'],
  [4410, 'ended'],
  [1009, 'fault'],
  [4400, 'fault'],
])('R8 close code %i means: %s', (code, meaning) => {
  expect(meaningOf(code)).toBe(meaning)
})
