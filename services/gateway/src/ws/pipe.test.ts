import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { openSocket, read } from '../testing/raw.ts'
import { agree } from '../testing/upstream.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

it('R1 frames and close codes of the node come through to a real client', async () => {
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    const frame = (opcode: number, payload: Buffer) =>
      Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload])
    socket.write(frame(1, Buffer.from('{"type":"hello"}')))
    socket.end(frame(8, Buffer.from([4403 >> 8, 4403 & 0xff])))
  }
  const socket = new WebSocket(gateway.url.replace('http', 'ws') + '/v1/ws', [
    'parley.v1',
    `bearer.${gateway.issuer.token()}`,
  ])
  const message = once(socket, 'message') as Promise<[MessageEvent]>
  const closed = once(socket, 'close') as Promise<[CloseEvent]>
  expect((await message)[0].data).toBe('{"type":"hello"}')
  expect([(await closed)[0].code, socket.protocol]).toEqual([4403, 'parley.v1'])
})

it('R10 a client that stops reading stops the node, and the gateway keeps nothing', async () => {
  let written = 0
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    const part = Buffer.alloc(65_536)
    const fill = (): void => {
      while (!socket.destroyed && written < 1_024 * 65_536) {
        written += part.length
        if (!socket.write(part)) return
      }
    }
    socket.on('drain', fill)
    fill()
  }
  const { socket } = await openSocket(gateway.url)
  await sleep(700)
  const stalledAt = written
  const { arrayBuffers } = process.memoryUsage()
  await sleep(500)
  expect(written).toBe(stalledAt)
  // Of 64 MiB only what fits into the kernel's buffers of four sockets has left; in this process (gateway and both
  // ends) hardly anything.
  expect(written).toBeLessThan(24 * 1_048_576)
  expect(arrayBuffers).toBeLessThan(16 * 1_048_576)
  socket.destroy()
})

it('R1 when the node dies the client is cut off at once', async () => {
  const { socket } = await openSocket(gateway.url)
  const closed = once(socket, 'close')
  socket.resume()
  await gateway.upstreams.signaling.kill()
  await closed
})

it('R1 when the client vanishes the node is told at once', async () => {
  const { socket } = await openSocket(gateway.url)
  const [node] = gateway.upstreams.signaling.sockets
  const closed = node === undefined ? Promise.reject(new Error('no node socket')) : once(node, 'close')
  socket.resetAndDestroy()
  await closed
  await expect.poll(() => gateway.metrics()).toMatch(/parley_gateway_sockets\{service="gateway"\} 0/)
})

it('R1 a side that only stops sending still receives what is on its way', async () => {
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    socket.on('end', () => setTimeout(() => socket.end('last words'), 100)).resume()
  }
  const { socket } = await openSocket(gateway.url)
  socket.end()
  expect(await read(socket, 10)).toBe('last words')
})

it('O1 a gateway that stops lets sockets end until its deadline, then cuts them', async () => {
  const early = await openSocket(gateway.url)
  const late = await openSocket(gateway.url)
  const started = Date.now()
  late.socket.resume()
  const lateClosed = once(late.socket, 'close').then(() => Date.now() - started)
  const stopped = gateway.stop()
  await sleep(200)
  early.socket.write('still here')
  expect(await read(early.socket, 10)).toBe('still here')
  early.socket.destroy()
  expect(await lateClosed).toBeGreaterThan(900)
  await stopped
  expect(Date.now() - started).toBeLessThan(3_000)
})
