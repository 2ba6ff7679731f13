import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { announce, createLogger, newId } from '@parley/kit'
import { afterEach, expect, it } from 'vitest'
import { memoryParts, startGateway, type TestGateway } from '../testing/gateway.ts'
import { open } from '../testing/raw.ts'
import type { Upstream } from '../testing/upstream.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

const bearer = (claims = {}) => ({ authorization: `Bearer ${gateway.issuer.token(claims)}` })
const events = (path = `/v1/meetings/${newId()}/events`, headers: Record<string, string> = bearer()) =>
  fetch(gateway.url + path, { headers, signal: AbortSignal.timeout(15_000) })
const openStreams = async (): Promise<number> =>
  Number(/^parley_gateway_streams\{[^}]*\} (\d+)/m.exec(await gateway.metrics())?.[1] ?? -1)

/** The node answers with a stream that says nothing by itself. */
function streaming(node: Upstream): ServerResponse[] {
  const responses: ServerResponse[] = []
  node.answer = (_request, response) => {
    responses.push(response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }))
    response.flushHeaders()
  }
  return responses
}

it('R12 the head of a stream comes at once, each event as it is written, and silence is no fault', async () => {
  gateway = await startGateway({ UPSTREAM_TIMEOUT_MS: '300' })
  const [responses, response] = [streaming(gateway.upstreams.signaling), await events()]
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  // Longer than any other answer may be silent.
  await sleep(1_000)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (const text of ['id: 1\ndata: {}\n\n', ':\n\n', 'id: 2\ndata: {}\n\n']) {
    responses[0]?.write(text)
    expect((await reader?.read())?.value).toBe(text)
  }
  responses[0]?.end()
  expect((await reader?.read())?.done).toBe(true)
  await expect.poll(openStreams).toBe(0)
})

it('R12 Last-Event-ID goes on to the node', async () => {
  gateway = await startGateway()
  streaming(gateway.upstreams.signaling)
  const response = await events('/v1/events', { ...bearer(), 'last-event-id': 'e1-7' })
  expect(gateway.upstreams.signaling.seen[0]?.headers['last-event-id']).toBe('e1-7')
  await response.body?.cancel()
})

it('R12 a client that goes away ends the request to the node', async () => {
  gateway = await startGateway()
  const responses = streaming(gateway.upstreams.signaling)
  const response = await events()
  expect(await openStreams()).toBe(1)
  const closed = once(responses[0] as ServerResponse, 'close')
  await response.body?.cancel()
  await closed
  await expect.poll(openStreams).toBe(0)
})

it('R12 streams of one meeting are on one node, as its sockets', async () => {
  gateway = await startGateway()
  const nodes = [gateway.upstreams.signaling, await gateway.add('signaling'), await gateway.add('signaling')]
  for (const node of nodes) streaming(node)
  const meetings = Array.from({ length: 12 }, () => newId())
  const ask = async (id: string) => (await events(`/v1/meetings/${id}/events`, bearer({ sub: newId() }))).body?.cancel()
  for (const id of [...meetings, ...meetings, ...meetings]) await ask(id)
  const pathsOf = nodes.map(({ seen }) => new Set(seen.map(({ url }) => url)))
  expect(pathsOf.reduce((sum, paths) => sum + paths.size, 0)).toBe(meetings.length)
})

it('R12 streams are bounded, for each account and in all, and other requests do not wait for them', async () => {
  gateway = await startGateway({ MAX_STREAMS: '3', MAX_STREAMS_PER_PRINCIPAL: '2' })
  const responses = streaming(gateway.upstreams.signaling)
  const [ann, bob, eve] = [newId(), newId(), newId()].map((sub) => bearer({ sub }))
  const opened = [await events('/v1/events', ann), await events('/v1/events', ann), await events('/v1/events', bob)]
  expect(opened.map(({ status }) => status)).toEqual([200, 200, 200])
  const third = await events('/v1/events', ann)
  expect([third.status, ((await third.json()) as { code: string }).code]).toEqual([503, 'unavailable'])
  responses[2]?.end()
  await expect.poll(openStreams).toBe(2)
  expect((await events('/v1/events', ann)).status).toBe(429)
  const other = await events('/v1/events', eve)
  expect(other.status).toBe(200)
  for (const { body } of [opened[0], opened[1], other].flatMap((one) => one ?? [])) await body?.cancel()
})

it('R10 a client that does not read its stream stops the node', async () => {
  gateway = await startGateway()
  const [response] = [streaming(gateway.upstreams.signaling)]
  const socket = await open(gateway.url)
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${bearer().authorization}\r\nAccept: text/event-stream\r\n\r\n`,
  )
  socket.pause()
  await expect.poll(() => response.length).toBe(1)
  let written = 0
  const fill = (): void => {
    while (written < 64 * 1_048_576) {
      written += 65_536
      if (response[0]?.write(`data: ${'x'.repeat(65_528)}\n\n`) !== true) return
    }
  }
  response[0]?.on('drain', fill)
  fill()
  await sleep(700)
  const stalledAt = written
  await sleep(300)
  expect(written).toBe(stalledAt)
  expect(written).toBeLessThan(24 * 1_048_576)
  socket.destroy()
})

it('R9 R12 a gateway that goes ends its streams, whole as far as they went, well before its deadline', async () => {
  const parts = await memoryParts()
  const log = createLogger({ service: 'gateway', level: 'silent' })
  const other = announce(parts.kv, { name: 'gateway', id: 'gateway-2', url: 'http://127.0.0.1:9', log })
  gateway = await startGateway({ DRAIN_MS: '3000' }, { parts })
  const responses = streaming(gateway.upstreams.signaling)
  const streams = await Promise.all([1, 2, 3].map(() => events()))
  for (const response of responses) response.write('id: 1\ndata: {}\n\n')
  const from = Date.now()
  const texts = Promise.all(streams.map((stream) => stream.text()))
  await Promise.all([gateway.leave(), ...responses.map((response) => once(response, 'close'))])
  expect(Date.now() - from).toBeLessThan(2_900)
  expect(await texts).toEqual(Array(3).fill('id: 1\ndata: {}\n\n'))
  await other.withdraw()
})

it('R12 a node that does not answer is passed over', async () => {
  gateway = await startGateway()
  const second = await gateway.add('signaling')
  streaming(second)
  await gateway.upstreams.signaling.kill()
  for (let count = 0; count < 4; count += 1) {
    const response = await events()
    expect(response.status).toBe(200)
    await response.body?.cancel()
  }
})

it('T3 R12 a frozen node is passed over within seconds', async () => {
  gateway = await startGateway()
  const second = await gateway.add('signaling')
  streaming(second)
  // It takes the connection and says nothing, as a stopped process does.
  gateway.upstreams.signaling.answer = () => {}
  for (let count = 0; count < 3; count += 1) {
    const response = await events()
    expect(response.status).toBe(200)
    await response.body?.cancel()
  }
})
