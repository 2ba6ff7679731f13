import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { announce, createLogger } from '@parley/kit'
import { freeze } from '@parley/kit/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { codeOf, readFrames, serverClose, serverFrame } from '../testing/frames.ts'
import { memoryParts, startGateway, type Components, type TestGateway } from '../testing/gateway.ts'
import { startNodeProcess, type NodeProcess } from '../testing/node-process.ts'
import { openSocket } from '../testing/raw.ts'
import { agree } from '../testing/upstream.ts'

let parts: Components
const log = createLogger({ service: 'gateway', level: 'silent' })
let gateway: TestGateway
let processes: NodeProcess[] = []
beforeEach(async () => {
  parts = await memoryParts()
  gateway = await startGateway({}, { parts })
})
afterEach(async () => {
  await gateway.stop()
  await Promise.all(processes.map((one) => one.kill()))
  processes = []
})

/** A node in its own process, as the only one that is listed. */
async function onlyNode() {
  const node = await startNodeProcess()
  processes.push(node)
  const lease = announce(parts.kv, { name: 'signaling', id: `frozen-${node.pid}`, url: node.url, log: log })
  await gateway.upstreams.signaling.kill()
  // The directory is polled each second; the other one is dead, and refuses.
  await sleep(1_200)
  return { ...node, withdraw: () => lease.withdraw() }
}

/** Opens a WebSocket; resolves once it is open, to how it closes. */
async function opened(): Promise<{ socket: WebSocket; closed: Promise<CloseEvent> }> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/ws`, ['parley.v1'])
  const closed = once(socket, 'close').then(([event]) => event as CloseEvent)
  await Promise.race([once(socket, 'open'), closed.then(({ code }) => Promise.reject(new Error(`closed: ${code}`)))])
  return { socket, closed }
}

it('T1 when its node is killed a client is told 1012 at once', async () => {
  const node = await onlyNode()
  const sockets = [await opened(), await opened()]
  const from = Date.now()
  await node.kill()
  for (const { closed } of sockets) expect(await closed).toMatchObject({ code: 1012, wasClean: true })
  expect(Date.now() - from).toBeLessThan(1_500)
  await expect.poll(() => gateway.metrics()).toMatch(/parley_gateway_sockets\{service="gateway"\} 0/)
  await node.withdraw()
})

it('T1 frames that the node sent before it died come first; half a frame stays half', async () => {
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    socket.write(Buffer.concat([serverFrame('whole'), serverFrame('cut short').subarray(0, 5)]))
    setTimeout(() => socket.resetAndDestroy(), 100)
  }
  const { frames, rest } = await readFrames((await openSocket(gateway.url)).socket)
  expect([frames.map(({ payload }) => String(payload)), rest.length]).toEqual([['whole'], 5])
})

it('R1 a node that said goodbye has the last word', async () => {
  gateway.upstreams.signaling.upgrade = (request, socket) => {
    agree(request, socket)
    socket.end(serverClose(4403))
  }
  const { frames } = await readFrames((await openSocket(gateway.url)).socket)
  expect(frames.map(codeOf)).toEqual([4403])
})

it('T3 a frozen node: once it is not listed any more its clients are told 1012', async () => {
  const node = await onlyNode()
  const { closed } = await opened()
  await freeze(node.pid)
  // In a deployment its lease runs out instead.
  await node.withdraw()
  const from = Date.now()
  expect(await closed).toMatchObject({ code: 1012, wasClean: true })
  // The list is read each second and believed over an empty one for up to 6 s. The probe has one second.
  expect(Date.now() - from).toBeLessThan(10_000)
  expect(await gateway.metrics()).toMatch(/parley_gateway_pipes_abandoned_total\{service="gateway"\} 1/)
}, 30_000)

it('T3 a node that has left but answers keeps its sockets', async () => {
  const node = await onlyNode()
  const { socket } = await opened()
  await node.withdraw()
  await sleep(4_000)
  expect(socket.readyState).toBe(WebSocket.OPEN)
  socket.close()
})

it('T3 a frozen node that is still listed: its clients are told within seconds when another node answers', async () => {
  const node = await onlyNode()
  const { closed } = await opened()
  await gateway.add('signaling')
  await freeze(node.pid)
  const from = Date.now()
  expect((await closed).code).toBe(1012)
  expect(Date.now() - from).toBeLessThan(8_000)
})

it('T3 a frozen node that is still listed keeps its sockets while no other answers: there is nowhere to go', async () => {
  const node = await onlyNode()
  const { socket } = await opened()
  await freeze(node.pid)
  await sleep(4_500)
  expect(socket.readyState).toBe(WebSocket.OPEN)
  socket.close()
})

it('T3 a frozen node that is still listed: a new socket goes to another within seconds, the next one at once', async () => {
  const node = await onlyNode()
  await gateway.add('signaling')
  await freeze(node.pid)
  const took: number[] = []
  for (let index = 0; index < 12; index += 1) {
    const from = Date.now()
    const { answer, socket } = await openSocket(gateway.url, { path: `/v1/ws?meeting=m${index}` })
    expect(answer.status).toBe(101)
    took.push(Date.now() - from)
    socket.destroy()
  }
  expect(took.filter((ms) => ms > 1_500).length).toBeLessThanOrEqual(1)
  expect(Math.max(...took)).toBeLessThan(3_500)
})

it('R9 a node that takes no new sockets is passed over', async () => {
  const other = await gateway.add('signaling')
  gateway.upstreams.signaling.upgrade = (_request, socket) =>
    void socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')
  for (let index = 0; index < 8; index += 1) {
    const { answer, socket } = await openSocket(gateway.url, { path: `/v1/ws?meeting=m${index}` })
    expect(answer.status).toBe(101)
    socket.destroy()
  }
  expect(other.sockets.length).toBe(8)
})
