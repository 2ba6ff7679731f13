import { afterEach, expect, test } from 'vitest'
import { createEvents } from './events.ts'
import type { TokenSource } from './rest.ts'
import { startEventServer, type EventConnection } from './testing/event-server.ts'
import { eventually } from './testing/eventually.ts'
import { id } from './testing/samples.ts'

let server: Awaited<ReturnType<typeof startEventServer>>
afterEach(() => server.close())

const start = async (handle: (connection: EventConnection, count: number) => void) => {
  server = await startEventServer(handle)
}
const tokens = (): TokenSource & { renewed: string[] } => {
  const renewed: string[] = []
  return {
    renewed,
    current: async () => (renewed.length === 0 ? 'old' : 'new'),
    renew: async (stale) => {
      renewed.push(stale)
      return 'new'
    },
  }
}
const events = (source: TokenSource = tokens(), silentMs = 5_000) =>
  createEvents({ url: server.url, fetch, tokens: source, silentMs, backoff: { baseMs: 5, maxMs: 20 } })
const event = (n: number, text = `message ${n}`) =>
  `id: at-${n}\nevent: chat.message\ndata: {"message":{"text":"${text}"}}\n\n`

async function read(stream: AsyncIterable<{ id: string; type: string; data: unknown }>): Promise<string[]> {
  const seen: string[] = []
  for await (const { id: at, type, data } of stream) seen.push(`${at} ${type} ${JSON.stringify(data)}`)
  return seen
}
const shown = (n: number, text = `message ${n}`) => `at-${n} chat.message {"message":{"text":"${text}"}}`

test('R12 O8 asks with the token, reads what comes in any pieces, ends with 204', async () => {
  await start((connection, count) => {
    if (count > 1) return connection.over()
    for (const byte of Buffer.from(`retry: 1\n\n:\n\n${event(1, 'Zoë 🙂')}`)) connection.send(Buffer.from([byte]))
    connection.end()
  })
  expect(await read(events().meeting(id(7), {}))).toEqual([shown(1, 'Zoë 🙂')])
  const [first, second] = server.connections
  expect(first?.path).toBe(`/v1/meetings/${id(7)}/events`)
  expect(first?.headers).toMatchObject({ authorization: 'Bearer old', accept: 'text/event-stream' })
  expect(first?.headers['last-event-id']).toBeUndefined()
  expect(second?.headers['last-event-id']).toBe('at-1')
})

test('R12 T5 goes on after the last whole event, however the connection ends', async () => {
  await start((connection, count) => {
    if (count === 7) return connection.over()
    connection.send(event(count))
    connection.send(event(count + 1).slice(0, 40))
    setTimeout(count % 2 === 0 ? connection.cut : connection.end, 20)
  })
  expect(await read(events().user({ lastEventId: 'at-0' }))).toEqual([1, 2, 3, 4, 5, 6].map((n) => shown(n)))
  const asked = server.connections.map(({ headers }) => headers['last-event-id'])
  expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `at-${n}`))
})

test('R12 A10 a refused token is renewed once per connection; refused anew it is final', async () => {
  const source = tokens()
  await start((connection) => {
    if (connection.headers.authorization === 'Bearer old') return connection.refuse('token-expired', 401)
    connection.over()
  })
  expect(await read(events(source).user({}))).toEqual([])
  expect(source.renewed).toEqual(['old'])
  await server.close()
  await start((connection) => connection.refuse('unauthenticated', 401))
  await expect(read(events().user({}))).rejects.toMatchObject({ problem: { code: 'unauthenticated' } })
  expect(server.connections).toHaveLength(2)
})

test('R12 a passing failure is tried again; a final one is reported at once', async () => {
  await start((connection, count) => {
    if (count < 3) connection.refuse('unavailable', 503, { retryAfterMs: 10 })
    else if (count === 3) connection.cut()
    else connection.over()
  })
  expect(await read(events().user({}))).toEqual([])
  expect(server.connections).toHaveLength(4)
  await server.close()
  await start((connection) => connection.refuse('not-found', 404))
  await expect(read(events().meeting(id(1), {}))).rejects.toMatchObject({ problem: { code: 'not-found' } })
  expect(server.connections).toHaveLength(1)
})

test('R12 a connection on which nothing comes is given up; comments are enough to keep it', async () => {
  const beats: NodeJS.Timeout[] = []
  await start((connection, count) => {
    if (count === 1) return connection.send(event(1))
    if (count === 3) return connection.over()
    beats.push(setInterval(() => connection.send(':\n\n'), 50))
    setTimeout(() => connection.send(event(2)), 600)
    setTimeout(() => connection.end(), 650)
  })
  expect(await read(events(tokens(), 200).user({}))).toEqual([shown(1), shown(2)])
  for (const beat of beats) clearInterval(beat)
})

test('R12 a reader that stops or aborts frees its connection', async () => {
  await start((connection) => connection.send(event(1)))
  for await (const first of events().user({})) {
    expect(first.id).toBe('at-1')
    break
  }
  await eventually(() => server.connections[0]?.closed)
  const ending = new AbortController()
  const reading = read(events().user({ signal: ending.signal }))
  await eventually(() => server.connections.length === 2)
  ending.abort()
  expect((await reading).length).toBeLessThan(2)
  await eventually(() => server.connections[1]?.closed)
})

test('R12 a call that does not come from a gateway is refused', async () => {
  await start((connection) => connection.send('id: 1\nevent: x\ndata: <html>\n\n'))
  await expect(read(events().user({}))).rejects.toMatchObject({ problem: { code: 'internal', retryable: false } })
})
