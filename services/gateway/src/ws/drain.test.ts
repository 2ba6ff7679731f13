import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { announce, createLogger } from '@parley/kit'
import { afterEach, expect, it } from 'vitest'
import { memoryParts, startGateway, type TestGateway } from '../testing/gateway.ts'
import { open, openSocket } from '../testing/raw.ts'

const log = createLogger({ service: 'gateway', level: 'silent' })
const patience = { timeout: 15_000 }
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
  const { socket, messages, closed } = await connect()
  const [session] = gateway.upstreams.signaling.node.sessions
  let sent = 0
  const timer = setInterval(() => session?.send(`${sent++}:${'x'.repeat([0, 100, 130, 70_000][sent % 4] ?? 0)}`), 2)
  await expect.poll(() => messages.length, patience).toBeGreaterThan(5)
  const left = gateway.leave()
  await expect.poll(() => messages.findIndex(isDraining), patience).toBeGreaterThan(0)
  const told = messages.findIndex(isDraining)
  await expect.poll(() => messages.length, patience).toBeGreaterThan(told + 20)
  clearInterval(timer)
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
  const clients = await Promise.all([1, 2, 3].map(() => connect()))
  const from = Date.now()
  const left = gateway.leave()
  for (const { socket, messages } of clients) {
    await expect.poll(() => messages.some(isDraining), patience).toBe(true)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close(1000)
  }
  await left
  expect(Date.now() - from).toBeLessThan(5_000)
})

it('R9 a client that does not move is told 1012, and the node hears of it', async () => {
  await oneOfTwo()
  const { messages, closed } = await connect()
  const [session] = gateway.upstreams.signaling.node.sessions
  const from = Date.now()
  const left = gateway.leave()
  const { code, wasClean } = await closed
  expect([code, wasClean, messages.filter(isDraining).length]).toEqual([1012, true, 1])
  expect(Date.now() - from).toBeGreaterThan(1_000)
  await expect.poll(() => session?.detached, patience).toBe(1012)
  await left
  expect(Date.now() - from).toBeLessThan(5_000)
})

it('T6 clients that never read do not hold the exit', async () => {
  await oneOfTwo()
  const hostile = await Promise.all(Array.from({ length: 5 }, () => openSocket(gateway.url)))
  const idle = await Promise.all(Array.from({ length: 5 }, () => open(gateway.url)))
  for (const session of gateway.upstreams.signaling.node.sessions)
    for (let n = 0; n < 100; n += 1) session.send('x'.repeat(60_000))
  await sleep(300)
  const from = Date.now()
  await gateway.leave()
  expect(Date.now() - from).toBeLessThan(6_000)
  for (const { socket } of hostile) socket.destroy()
  for (const socket of idle) socket.destroy()
})

it('R9 the only gateway sends everybody away with 1012 at once: there is nowhere to move to', async () => {
  gateway = await startGateway({ DRAIN_MS: '10000' })
  const { messages, closed } = await connect()
  const from = Date.now()
  await Promise.all([gateway.leave(), closed.then(({ code }) => expect(code).toBe(1012))])
  expect(messages).toEqual([])
  expect(Date.now() - from).toBeLessThan(5_000)
})

it('R9 told to stop it is not ready at once, and serves those who have not noticed', async () => {
  await oneOfTwo({}, 1_000)
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
