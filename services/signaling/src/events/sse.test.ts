import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from '@parley/kit/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readCursor, statusOf, writeCursor } from './cursor.ts'
import { EventSink, eventText } from './sse.ts'
import { aMeeting } from '../testing/a-meeting.ts'

const server = createServer()
let client: IncomingMessage
let sink: EventSink
let drained = 0
let closed = 0

beforeEach(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answered = once(request({ port, host: '127.0.0.1' }).end(), 'response')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  sink = new EventSink(response, { now: 0, onDrain: () => (drained += 1), onClose: () => (closed += 1) })
  sink.retryAfter(700)
  ;[client] = (await answered) as [IncomingMessage]
  client.setEncoding('utf8')
  drained = 0
  closed = 0
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const received = (): { text: string } => {
  const all = { text: '' }
  client.on('data', (text: string) => (all.text += text))
  client.on('error', () => (all.text += '<cut>'))
  return all
}

it('R12 writes events as the standard has them, and a comment when nothing else was due for 15 s', async () => {
  const got = received()
  sink.write(eventText({ id: '7', type: 'chat.message', data: '{"a":"b\\nc"}' }))
  sink.tick(14_999)
  sink.tick(15_000)
  sink.tick(15_500)
  sink.tick(30_000)
  sink.end()
  await once(client, 'end')
  expect(got.text).toBe('retry: 700\n\nid: 7\nevent: chat.message\ndata: {"a":"b\\nc"}\n\n:\n\n:\n\n')
  await eventually(() => expect([closed, sink.open]).toEqual([1, false]))
})

it('R12 R10 says when its buffer is full and when it is empty again, and closes a stream that reads nothing for 10 s', async () => {
  client.pause()
  const chunk = 'x'.repeat(60_000)
  let sent = 0
  for (; !sink.full; sent += chunk.length) {
    sink.write(chunk)
    await new Promise((resolve) => setImmediate(resolve))
  }
  // The waiting events are bounded; the rest is in the kernel's buffers.
  expect(sent).toBeLessThan(20_000_000)
  sink.tick(1_000)
  sink.tick(10_900)
  expect(sink.open).toBe(true)
  client.resume()
  await eventually(() => expect([drained > 0, sink.full]).toEqual([true, false]))
  client.pause()
  while (!sink.full) {
    sink.write(chunk)
    await new Promise((resolve) => setImmediate(resolve))
  }
  sink.tick(20_000)
  sink.tick(30_001)
  await eventually(() => expect([closed, sink.open]).toEqual([1, false]))
})

it('R12 the id of an event is read as it was written, and anything else is ignored', () => {
  const cursor = { epoch: '0190a0a0-0000-7000-8000-000000000000', v: 12, seq: 34, rev: 5, status: 9 }
  expect(readCursor(writeCursor(cursor))).toEqual(cursor)
  expect(readCursor(writeCursor({ ...cursor, epoch: '', v: 0 }))).toEqual({ ...cursor, epoch: '', v: 0 })
  const bad = [
    undefined,
    '',
    '1',
    '....',
    '.1.2.3',
    '.1.2.3.x',
    '.1.2.3.4.5',
    '.-1.2.3.4',
    '.1e3.2.3.4',
    `.${'9'.repeat(16)}.1.1.1`,
  ]
  for (const id of bad) expect(readCursor(id), id).toBeNull()
})

it('R12 every change of a meeting has a larger number, of its version or of its status', () => {
  const states = [
    aMeeting({ version: 1, status: 'scheduled' }),
    aMeeting({ version: 1, status: 'waiting' }),
    aMeeting({ version: 1, status: 'live' }),
    aMeeting({ version: 2, status: 'scheduled' }),
    aMeeting({ version: 3, status: 'ended' }),
    aMeeting({ version: 4, status: 'cancelled' }),
  ].map(statusOf)
  expect(states).toEqual([...states].sort((a, b) => a - b))
  expect(new Set(states).size).toBe(states.length)
})
