import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { serverFrame } from '../testing/frames.ts'
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

const total = 32 * 1_048_576
/** The bound of one pipe: a chunk and the write buffer of each of its two sockets, with room. */
const mostHeld = 512 * 1_024

const frames = Array.from({ length: 10 }, (_value, index) => serverFrame(`${index}.`.repeat(30_000)))

/** Writes frames of `total` bytes as fast as they are taken; resolves to their hash. */
async function pour(socket: Duplex): Promise<string> {
  const hash = createHash('sha256')
  for (let sent = 0, index = 0; sent < total; index += 1) {
    const frame = (frames[index % frames.length] ?? Buffer.alloc(0)).subarray(0, total - sent)
    hash.update(frame)
    sent += frame.length
    if (!socket.write(frame)) await once(socket, 'drain')
  }
  return hash.digest('hex')
}

/** Reads `total` bytes; resolves to their hash. */
function drink(socket: Duplex): Promise<string> {
  const hash = createHash('sha256')
  let got = 0
  return new Promise((resolve) => {
    socket.resume().on('data', (chunk: Buffer) => {
      hash.update(chunk)
      got += chunk.length
      if (got >= total) resolve(hash.digest('hex'))
    })
  })
}

const held = async (): Promise<number> =>
  Number(/^parley_gateway_pipe_buffered_bytes\{[^}]*\} (\d+)/m.exec(await gateway.metrics())?.[1] ?? -1)

it.each(['client', 'node'])(
  'R10 a %s that pauses costs the gateway a bounded few bytes, and misses none',
  async (slow) => {
    let accept: (socket: Duplex) => void = () => {}
    const accepted = new Promise<Duplex>((resolve) => (accept = resolve))
    gateway.upstreams.signaling.upgrade = (request, socket) => {
      agree(request, socket)
      accept(socket.pause())
    }
    const { socket: client } = await openSocket(gateway.url)
    const node = await accepted
    const [from, to] = slow === 'client' ? [node, client] : [client, node]
    const poured = pour(from)
    let most = 0
    for (let look = 0; look < 20; look += 1) {
      await sleep(50)
      most = Math.max(most, await held())
    }
    // It has something to hold, or the kernel's buffers have taken it all and this proves nothing.
    expect(most).toBeGreaterThan(0)
    const drunk = drink(to)
    while ((await Promise.race([drunk, sleep(50)])) === undefined) most = Math.max(most, await held())
    expect(await drunk).toBe(await poured)
    expect(most).toBeLessThan(mostHeld)
    client.destroy()
  },
)
