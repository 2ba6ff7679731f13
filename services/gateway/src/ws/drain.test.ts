import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { announce, createLogger } from '@parley/kit'
import { afterEach, expect, it } from 'vitest'
import { codeOf, readFrames, serverClose, serverFrame } from '../testing/frames.ts'
import { memoryParts, startGateway, type TestGateway } from '../testing/gateway.ts'
import { open, openSocket } from '../testing/raw.ts'
import { agree, type Upstream } from '../testing/upstream.ts'

const log = createLogger({ service: 'gateway', level: 'silent' })
let gateway: TestGateway
let withdraw: () => Promise<void> = async () => {}
afterEach(async () => {
  await withdraw()
  await gateway.stop()
})

/** One of two gateways, so that there is another one to go to. */
async function oneOfTwo(env: Record<string, string> = {}, lingerMs = 0): Promise<void> {
  const parts = await memoryParts()
  const other = announce(parts.kv, { name: 'gateway', id: 'gateway-2', url: 'http://127.0.0.1:9', log: log })
  withdraw = () => other.withdraw()
  gateway = await startGateway({ DRAIN_MS: '2000', ...env }, { parts, lingerMs })
}

/** The node answers every close frame of a client with the same code, as a real one does. */
function answerClose(node: Upstream): void {
  node.upgrade = (request, socket) => {
    agree(request, socket)
    socket.on('data', (chunk: Buffer) => {
      if (chunk[0] === 0x88) socket.end(serverClose(1000))
    })
  }
}

interface Client {
  socket: WebSocket
  messages: string[]
  closed: Promise<CloseEvent>
}
async function connect(): Promise<Client> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/ws`, ['parley.v1'])
  const messages: string[] = []
  socket.addEventListener('message', ({ data }) => messages.push(String(data)))
  const closed = once(socket, 'close').then(([event]) => event as CloseEvent)
  await Promise.race([once(socket, 'open'), closed.then(({ code }) => Promise.reject(new Error(`closed: ${code}`)))])
  return { socket, messages, closed }
}
const isDraining = (message: string): boolean => message.startsWith('{"type":"server.draining"')

it('R9 clients are told to move between two messages of the node, which go on undisturbed until they have', async () => {
  await oneOfTwo()
  const { signaling } = gateway.upstreams
  let sent = 0
  signaling.upgrade = (request, socket) => {
    agree(request, socket)
    const next = (): Buffer => serverFrame(`${sent++}:${'x'.repeat([0, 100, 130, 70_000][sent % 4] ?? 0)}`)
    let stream = Buffer.alloc(0)
    const timer = setInterval(() => {
      stream = Buffer.concat([stream, next(), next()])
      // Cut anywhere, never where a frame ends.
      const cut = Math.max(0, stream.length - 1)
      socket.write(stream.subarray(0, cut))
      stream = stream.subarray(cut)
    }, 2)
    socket.once('close', () => clearInterval(timer))
  }
  const { socket, messages, closed } = await connect()
  await expect.poll(() => messages.length).toBeGreaterThan(5)
  const left = gateway.leave()
  await expect.poll(() => messages.findIndex(isDraining)).toBeGreaterThan(0)
  const told = messages.findIndex(isDraining)
  await expect.poll(() => messages.length).toBeGreaterThan(told + 20)
  const { payload } = JSON.parse(messages[told] ?? '') as { payload: { reconnectAfterMs: number } }
  expect(payload.reconnectAfterMs).toBeLessThanOrEqual(1_000)
  expect(messages.filter(isDraining).length).toBe(1)
  const numbers = messages.filter((message) => !isDraining(message)).map((message) => Number(message.split(':')[0]))
  expect(numbers).toEqual(numbers.map((_value, index) => index))
  socket.close()
  await Promise.all([left, closed])
})

it('R9 the gateway is done as soon as everybody has moved', async () => {
  await oneOfTwo({ DRAIN_MS: '10000' })
  answerClose(gateway.upstreams.signaling)
  const clients = await Promise.all([1, 2, 3].map(() => connect()))
  const from = Date.now()
  const left = gateway.leave()
  for (const { socket, messages } of clients) {
    await expect.poll(() => messages.some(isDraining)).toBe(true)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close(1000)
  }
  await left
  expect(Date.now() - from).toBeLessThan(5_000)
})

it('R9 a person who does not move is told 1012, and the node hears of it', async () => {
  await oneOfTwo()
  const heard: number[] = []
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    socket.on('data', (chunk: Buffer) => heard.push(chunk[0] ?? 0))
  }
  const { messages, closed } = await connect()
  const from = Date.now()
  const left = gateway.leave()
  const { code, wasClean } = await closed
  expect([code, wasClean, messages.filter(isDraining).length]).toEqual([1012, true, 1])
  expect(Date.now() - from).toBeGreaterThan(1_000)
  await expect.poll(() => heard).toEqual([0x88])
  await left
  expect(Date.now() - from).toBeLessThan(5_000)
})

it('T6 clients that never read do not hold the exit', async () => {
  await oneOfTwo()
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    const fill = (): void => {
      while (!socket.destroyed && socket.write(serverFrame(Buffer.alloc(60_000))));
    }
    socket.on('drain', fill)
    fill()
  }
  const hostile = await Promise.all(Array.from({ length: 5 }, () => openSocket(gateway.url)))
  const idle = await Promise.all(Array.from({ length: 5 }, () => open(gateway.url)))
  await sleep(300)
  const from = Date.now()
  await gateway.leave()
  expect(Date.now() - from).toBeLessThan(6_000)
  for (const { socket } of hostile) socket.destroy()
  for (const socket of idle) socket.destroy()
})

it('R9 the only gateway sends everybody away with 1012 at once: there is nowhere to move to', async () => {
  gateway = await startGateway({ DRAIN_MS: '10000' })
  answerClose(gateway.upstreams.signaling)
  const { messages, closed } = await connect()
  const from = Date.now()
  await Promise.all([gateway.leave(), closed.then(({ code }) => expect(code).toBe(1012))])
  expect(messages).toEqual([])
  expect(Date.now() - from).toBeLessThan(5_000)
})

it('R9 in the middle of a frame the close frame waits for its end', async () => {
  gateway = await startGateway({ DRAIN_MS: '5000' })
  const frame = serverFrame('x'.repeat(1_000))
  let finish = (): void => {}
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    socket.write(frame.subarray(0, 500))
    finish = () => socket.write(Buffer.concat([frame.subarray(500), serverFrame('never seen')]))
  }
  const { socket } = await openSocket(gateway.url)
  const read = readFrames(socket)
  await sleep(100)
  const left = gateway.leave()
  await sleep(200)
  finish()
  const { frames, rest } = await read
  expect([frames.map(({ opcode }) => opcode), codeOf(frames[1]), rest.length]).toEqual([[1, 8], 1012, 0])
  socket.destroy()
  await left
})

it('R9 told to stop it is not ready at once, and serves those who have not noticed', async () => {
  await oneOfTwo({}, 1_000)
  answerClose(gateway.upstreams.signaling)
  const left = gateway.leave()
  const ready = await fetch(`${gateway.url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('"serving":false')])
  expect(ready.headers.get('connection')).toBe('close')
  expect((await fetch(`${gateway.url}/livez`)).status).toBe(200)
  const late = await connect()
  expect(late.messages).toEqual([])
  await expect.poll(() => late.messages.some(isDraining), { timeout: 3_000 }).toBe(true)
  late.socket.close()
  await left
})
