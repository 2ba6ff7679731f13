import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Bytes, Strict, type Operations } from '@parley/contracts'
import Type from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { silentLog } from '../testing/silent-log.ts'
import { mayTakeLong } from './arrival.ts'
import { drainHttp, startHttp } from './drain.ts'
import { serveOperations, type Handlers } from './operations.ts'
import { createHttpServer, type HttpServer } from './server.ts'

const base = { summary: '', rows: [], problems: [], auth: 'none' } as const
const operations = {
  take: {
    ...base,
    method: 'PUT',
    repeat: 'never',
    path: '/v1/bytes',
    bytes: { request: { maxBytes: 1_000 } },
    answers: { 200: Strict({ got: Type.Integer() }) },
  },
  give: { ...base, method: 'GET', path: '/v1/bytes', bytes: { answer: true }, answers: { 200: Bytes } },
  json: { ...base, method: 'POST', repeat: 'never', path: '/v1/json', body: Strict({}), answers: { 204: null } },
} as const satisfies Operations

let app: HttpServer
let url: string
let port: number

beforeEach(async () => {
  app = createHttpServer({ log: silentLog(), metrics: createMetrics(), requestTimeoutMs: 300 })
  const handlers: Handlers<typeof operations> = {
    async take({ bytes, request }) {
      // A tenth of a second here is half a minute elsewhere.
      mayTakeLong(request.raw, 100)
      let got = 0
      for await (const chunk of bytes as AsyncIterable<Buffer>) got += chunk.length
      return { status: 200, body: { got } }
    },
    give: () => ({ status: 200, headers: { 'content-length': '5' }, bytes: Readable.from([Buffer.from('hello')]) }),
    json: () => ({ status: 204 }),
  }
  serveOperations(app, operations, handlers, { authenticate: () => Promise.reject(new Error('nobody asks')) })
  ;({ url } = await startHttp(app, { host: '127.0.0.1', port: 0 }))
  port = Number(new URL(url).port)
})
afterEach(() => drainHttp(app, { deadlineMs: 100, log: silentLog() }))

const put = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/bytes`, { method: 'PUT', body, headers })

/** Sends a request in pieces, with pauses; resolves with all that was answered until the connection closed. */
async function drip(head: string, pieces: number, pauseMs: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(`${head}\r\nhost: x\r\nconnection: close\r\ncontent-length: ${pieces}\r\n\r\n`)
  for (let sent = 0; sent < pieces && !socket.destroyed; sent += 1) {
    await sleep(pauseMs)
    if (socket.writable) socket.write('x')
  }
  await closed
  return answer
}

describe('O1 bytes', () => {
  it('come as they are, of any type', async () => {
    for (const type of ['application/octet-stream', 'application/json', 'text/plain', 'image/png']) {
      const answer = await put('{{{', { 'content-type': type })
      expect([answer.status, await answer.json()]).toEqual([200, { got: 3 }])
    }
  })

  it('are refused when there are too many, or nobody says how many', async () => {
    expect((await put('x'.repeat(1_001))).status).toBe(413)
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('x'))
        controller.close()
      },
    })
    const answer = await fetch(`${url}/v1/bytes`, { method: 'PUT', body: chunked, duplex: 'half' } as RequestInit)
    expect(answer.status).toBe(400)
  })

  it('go out, and for a HEAD only their length does', async () => {
    expect(await (await fetch(`${url}/v1/bytes`)).text()).toBe('hello')
    const head = await fetch(`${url}/v1/bytes`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', ''])
  })

  it('T22 may take longer than other bodies while they go on, and are cut off when they stand still', async () => {
    expect(await drip('PUT /v1/bytes HTTP/1.1', 12, 50)).toContain('{"got":12}')
    expect(await drip('PUT /v1/bytes HTTP/1.1', 3, 400)).toContain('408')
    expect(await drip('POST /v1/json HTTP/1.1\r\ncontent-type: application/json', 12, 50)).toContain('408')
  })
})
