import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@parley/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'

describe('the TCP proxy that injects faults', () => {
  let echo: Server
  let proxy: FaultProxy
  let upstreams: Socket[]
  beforeEach(async () => {
    upstreams = []
    echo = createServer((socket) => {
      upstreams.push(socket)
      socket.on('error', () => socket.destroy()).pipe(socket)
    })
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    const gone = { host: '127.0.0.1', port: 1 }
    const target = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port }
    proxy = await startFaultProxy({ targets: () => [gone, target] })
  })
  afterEach(async () => {
    await proxy.close()
    for (const socket of upstreams) socket.destroy()
    await new Promise((resolve) => echo.close(resolve))
  })

  interface Client {
    socket: Socket
    chunks: Buffer[]
    text(): string
    closed(): boolean
  }
  async function open(): Promise<Client> {
    const socket = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true })
    const chunks: Buffer[] = []
    let closed = false
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => (closed = true))
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    return { socket, chunks, text: () => Buffer.concat(chunks).toString(), closed: () => closed }
  }
  const hears = (client: Client, text: string) => eventually(() => expect(client.text()).toBe(text))

  it('passes bytes both ways, to the first target that can be reached, and the end too', async () => {
    const client = await open()
    client.socket.write('hello')
    await hears(client, 'hello')
    client.socket.end(' and goodbye')
    await hears(client, 'hello and goodbye')
    await eventually(() => expect([client.closed(), proxy.size]).toEqual([true, 0]))
  })

  it('delays, and keeps the order whatever the jitter', async () => {
    const client = await open()
    proxy.set({ delayMs: 60, jitterMs: 50 })
    const from = performance.now()
    const text = Array.from({ length: 40 }, (_, n) => `${n};`)
    for (const piece of text) {
      client.socket.write(piece)
      await sleep(2)
    }
    await hears(client, text.join(''))
    expect(performance.now() - from).toBeGreaterThan(80)
  })

  it('slices into pieces, and loses nothing', async () => {
    const client = await open()
    proxy.set({ sliceBytes: 7 })
    const text = 'x'.repeat(5_000)
    client.socket.write(text)
    await hears(client, text)
  })

  it('stalls one way, new connections too, and delivers all of it when it flows again', async () => {
    const client = await open()
    proxy.set({ down: 'stall' })
    client.socket.write('kept')
    await sleep(100)
    expect(client.text()).toBe('')
    proxy.set({ down: 'flow' })
    await hears(client, 'kept')

    proxy.set({ up: 'stall', down: 'stall' })
    const later = await open()
    later.socket.write('later')
    for (const upstream of upstreams) upstream.destroy()
    await sleep(100)
    expect([client.closed(), later.text()]).toEqual([false, ''])
    proxy.set({ up: 'flow', down: 'flow' })
    await hears(later, 'later')
    await eventually(() => expect(client.closed()).toBe(true))
  })

  it('cuts, refuses, and accepts again', async () => {
    const client = await open()
    client.socket.write('a')
    await hears(client, 'a')
    proxy.cut({ refuse: true })
    await eventually(() => expect(client.closed()).toBe(true))
    const refused = await open()
    await eventually(() => expect(refused.closed()).toBe(true))
    proxy.accept()
    const back = await open()
    back.socket.write('b')
    await hears(back, 'b')
  })

  it('cuts a share of the answers after the request went through', async () => {
    proxy.set({ cutAnswers: 1 })
    const client = await open()
    client.socket.write('asked')
    await eventually(() => expect([client.closed(), client.text()]).toEqual([true, '']))
    expect(upstreams).toHaveLength(1)
  })
})
