import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { silentLog } from '../testing/silent-log.ts'
import { drainHttp, startHttp } from './drain.ts'
import { createHttpServer } from './server.ts'

async function serving() {
  const app = createHttpServer({ log: silentLog(), metrics: createMetrics() })
  app.get('/slow/:ms', async (request) => {
    await sleep(Number((request.params as { ms: string }).ms))
    return { done: true }
  })
  app.server.on('upgrade', (_request, socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  )
  const { url } = await startHttp(app, { host: '127.0.0.1', port: 0 })
  return { app, url, port: Number(new URL(url).port) }
}
const drained = async (app: Parameters<typeof drainHttp>[0], deadlineMs: number): Promise<number> => {
  const from = Date.now()
  await drainHttp(app, { deadlineMs, log: silentLog() })
  return Date.now() - from
}
function client(port: number, text: string): Promise<{ ended: Promise<unknown>; seen: () => string }> {
  let seen = ''
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => {
      socket.write(text)
      setTimeout(() => resolve({ ended, seen: () => seen }), 50)
    })
    const ended = new Promise((done) => socket.once('close', done))
    socket.on('data', (chunk) => (seen += String(chunk))).on('error', reject)
  })
}
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n`

test('an idle keep-alive connection does not hold the drain up', async () => {
  const { app, port } = await serving()
  const { seen } = await client(port, get('/slow/0'))
  expect(seen()).toContain('200 OK')
  expect(await drained(app, 5000)).toBeLessThan(500)
})

test('a request under way is answered, with connection: close, and nobody new gets in', async () => {
  const { app, port, url } = await serving()
  const { seen, ended } = await client(port, get('/slow/400'))
  const draining = drained(app, 5000)
  await expect(fetch(url)).rejects.toThrow()
  expect(await draining).toBeLessThan(2000)
  await ended
  expect(seen()).toContain('{"done":true}')
  expect(seen()).toMatch(/connection: close/i)
})

test('at the deadline what is left is closed: requests, half-sent ones, upgraded sockets', async () => {
  const { app, port } = await serving()
  await client(port, get('/slow/60000'))
  await client(port, 'POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n')
  const upgraded = await client(port, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
  expect(upgraded.seen()).toContain('101')
  const took = await drained(app, 600)
  expect(took).toBeGreaterThan(550)
  expect(took).toBeLessThan(1500)
})

test('a port in use is one sentence', async () => {
  const { app, port } = await serving()
  const second = createHttpServer({ log: silentLog(), metrics: createMetrics() })
  await expect(startHttp(second, { host: '127.0.0.1', port })).rejects.toThrow(`port ${port} is in use`)
  await Promise.all([drained(app, 100), second.close()])
})
