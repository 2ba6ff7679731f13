import { afterEach, expect, test } from 'vitest'
import { openFixture } from './server.fixture.ts'
import type { HttpServer } from './server.ts'

let app: HttpServer | undefined
afterEach(() => app?.close())
const open = (options?: Parameters<typeof openFixture>[0]): HttpServer => (app = openFixture(options))
const post = (payload: string | object, type = 'application/json') =>
  open().inject({ method: 'POST', url: '/v1/things', payload, headers: { 'content-type': type } })

test.each<[string, object, object[]]>([
  ['missing', {}, [{ path: '/name', message: 'is required' }]],
  ['wrong type, not coerced', { name: 5 }, [{ path: '/name', message: 'must be string' }]],
  [
    'several',
    { name: '', settings: { chat: 'x' }, kind: 'c' },
    [
      { path: '/name', message: 'must not have fewer than 1 characters' },
      { path: '/kind', message: 'must be one of "a", "b"' },
      { path: '/settings/chat', message: 'must be boolean' },
    ],
  ],
  [
    'S22: unknown fields',
    { name: 'n', role: 'host', settings: { chat: true, 'x/y': 1 } },
    [
      { path: '/settings/x~1y', message: 'is not a known field' },
      { path: '/role', message: 'is not a known field' },
    ],
  ],
  ['a list', [], [{ path: '', message: 'must be object' }]],
])('a body with faults: %s', async (_name, body, errors) => {
  const answer = await post(body)
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, 'application/problem+json'])
  expect(answer.json()).toMatchObject({
    code: 'invalid-input',
    type: '/problems/invalid-input',
    requestId: answer.headers['x-request-id'],
  })
  expect(answer.json().errors.sort(byPath)).toEqual([...errors].sort(byPath))
})
const byPath = (a: { path?: string }, b: { path?: string }): number => String(a.path).localeCompare(String(b.path))

test.each<[string, string, string, number, string]>([
  ['malformed', '{"name":', 'application/json', 400, 'malformed-json'],
  ['absent', '', 'application/json', 400, 'invalid-input'],
  ['text', 'hello', 'text/plain', 415, 'unsupported-media-type'],
  ['too large', `{"name":"${'x'.repeat(65_536)}"}`, 'application/json', 413, 'too-large'],
  ['S26: __proto__', '{"name":"n","__proto__":{"a":1}}', 'application/json', 400, 'malformed-json'],
  ['S26: escaped __proto__', '{"name":"n","\\u005f_proto__":{"a":1}}', 'application/json', 400, 'malformed-json'],
  ['S26: constructor', '{"name":"n","constructor":{"prototype":{"a":1}}}', 'application/json', 400, 'malformed-json'],
  ['S26: deep', '['.repeat(32_000) + ']'.repeat(32_000), 'application/json', 400, 'invalid-input'],
  [
    'S26: many keys',
    `{${Array.from({ length: 5000 }, (_, i) => `"${i}":1`).join()}}`,
    'application/json',
    400,
    'invalid-input',
  ],
])('a bad body: %s', async (_name, body, type, status, code) => {
  const answer = await post(body, type)
  expect([answer.statusCode, answer.json().code]).toEqual([status, code])
  expect(answer.body.length).toBeLessThan(3000)
})

test('a query is coerced, has defaults, and refuses what it does not name', async () => {
  const server = open()
  const get = async (url: string) => (await server.inject({ url })).json()
  expect(await get('/v1/things')).toEqual({ limit: 20, tags: 0 })
  expect(await get('/v1/things?limit=5&tag=a')).toEqual({ limit: 5, tags: 1 })
  expect(await get('/v1/things?limit=5&tag=a&tag=b')).toEqual({ limit: 5, tags: 2 })
  expect((await get('/v1/things?limit=1.5&x=1')).errors).toEqual([
    { path: 'query.x', message: 'is not a known field' },
    { path: 'query.limit', message: 'must be integer' },
  ])
  expect((await get('/v1/things?limit=1&limit=2')).errors).toEqual([
    { path: 'query.limit', message: 'must be integer' },
  ])
  expect((await get('/v1/things?__proto__=1')).errors[0].path).toBe('query.__proto__')
  expect((await get('/v1/me?x=1')).errors).toEqual([{ path: 'query.x', message: 'is not a known field' }])
})

test('params and headers are validated', async () => {
  const server = open()
  expect((await server.inject('/v1/things/abc')).json().errors[0].path).toBe('params.id')
  const tooLong = await server.inject({ url: '/v1/things', headers: { 'if-none-match': 'abcdefgh' } })
  expect(tooLong.json().errors[0].path).toBe('headers.if-none-match')
  expect((await server.inject({ url: '/v1/things', headers: { 'if-none-match': 'x' } })).statusCode).toBe(304)
})
