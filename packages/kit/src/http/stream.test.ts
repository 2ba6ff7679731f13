import type { ServerResponse } from 'node:http'
import { EventStream, type Operations } from '@parley/contracts'
import Type from 'typebox'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { ProblemError } from '../problem.ts'
import { eventually } from '../testing/eventually.ts'
import { silentLog } from '../testing/silent-log.ts'
import { drainHttp, startHttp } from './drain.ts'
import { serveOperations } from './operations.ts'
import { createHttpServer, type HttpServer } from './server.ts'

const operations = {
  watch: {
    method: 'GET',
    path: '/v1/watch',
    summary: '',
    rows: [],
    problems: ['not-found'],
    auth: 'none',
    query: Type.Object({ what: Type.Optional(Type.String()) }),
    answers: { 200: EventStream, 204: null },
    stream: { events: { tick: Type.Object({}) } },
  },
} as const satisfies Operations

let app: HttpServer
let url: string
let open: ServerResponse[]
const metrics = createMetrics()

beforeEach(async () => {
  open = []
  app = createHttpServer({ log: silentLog(), metrics: metrics.forService('test') })
  const handlers = {
    watch: ({ query }: { query: { what?: string } }) => {
      if (query.what === 'nothing') throw new ProblemError('not-found')
      if (query.what === 'over') return { status: 204 as const }
      return {
        status: 200 as const,
        headers: { 'x-more': 'yes' },
        stream: (response: ServerResponse) => void open.push(response),
      }
    },
  }
  serveOperations(app, operations, handlers, {
    authenticate: () => Promise.reject(new Error('nobody asks')),
    checkAnswers: true,
  })
  ;({ url } = await startHttp(app, { host: '127.0.0.1', port: 0 }))
})
afterEach(() => drainHttp(app, { deadlineMs: 100, log: silentLog() }))

test('R12 the head of a stream is there before the first event, and each event as it is written', async () => {
  const response = await fetch(`${url}/v1/watch`)
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-more': 'yes',
    'x-request-id': expect.stringMatching(/./),
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    open[0]?.write(text)
    expect((await reader?.read())?.value).toBe(text)
  }
  open[0]?.end()
  expect((await reader?.read())?.done).toBe(true)
})

test('R12 refusals and ended meetings are answered as by any operation', async () => {
  const refused = await fetch(`${url}/v1/watch?what=nothing`)
  expect([refused.status, refused.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  const over = await fetch(`${url}/v1/watch?what=over`)
  expect([over.status, await over.text()]).toEqual([204, ''])
})

test('R12 a HEAD request opens nothing that stays, and a client that goes is noticed', async () => {
  const head = await fetch(`${url}/v1/watch`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  await eventually(() => expect(open.map(({ closed }) => closed)).toEqual([true]))
  const ending = new AbortController()
  await fetch(`${url}/v1/watch`, { signal: ending.signal })
  ending.abort()
  await eventually(() => expect(open.map(({ destroyed }) => destroyed)).toEqual([true, true]))
})

test('R12 how long a stream was open is no time to answer', async () => {
  const response = await fetch(`${url}/v1/watch`)
  open[0]?.end('data: 1\n\n')
  await response.text()
  await fetch(`${url}/v1/watch?what=over`).then((over) => over.text())
  await eventually(async () => expect(await metrics.text()).toContain('status="204"'))
  expect(await metrics.text()).not.toContain('route="/v1/watch",status="200"')
})
