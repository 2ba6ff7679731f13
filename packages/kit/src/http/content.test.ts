import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { openFixture } from './server.fixture.ts'
import type { HttpServer } from './server.ts'

let app: HttpServer | undefined
afterEach(() => app?.close())
const server = (): HttpServer => (app ??= openFixture())
afterEach(() => (app = undefined))
const post = async (url: string, payload: string | Buffer | undefined, headers: Record<string, string> = {}) => {
  const answer = await server().inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    ...(payload !== undefined && { payload }),
  })
  return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? null : answer.json() }
}
const good = '{"name":"n"}'

test.each<[string, string | Buffer]>([
  ['gzip', gzipSync(good)],
  ['deflate', deflateSync(good)],
  ['br', brotliCompressSync(good)],
  ['zstd', good],
  ['identity, gzip', good],
  ['GZIP', good],
])('H9 content in the coding %s is refused, also when its bytes are JSON', async (coding, content) => {
  const answer = await post('/v1/things', content, { 'content-encoding': coding })
  expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type'])
  expect(answer.headers['accept-encoding']).toBe('identity')
})

test.each([
  ['application/json', 201],
  ['Application/JSON; Charset=UTF-8', 201],
  ['application/json;charset="utf-8"', 201],
  ['application/json; charset=utf8', 201],
  ['application/json; charset=iso-8859-1', 415],
  ['application/json; charset="utf-16"', 415],
  ['application/json; x=y; charset=us-ascii', 415],
  ['text/json', 415],
])('H9 content of the type %s is answered %i', async (type, status) => {
  const answer = await post('/v1/things', good, { 'content-type': type })
  expect(answer.status).toBe(status)
  expect((await post('/v1/things', good, { 'content-encoding': 'Identity' })).status).toBe(201)
})

test('H9 bytes that are not UTF-8 are not read as something else', async () => {
  const answer = await post('/v1/things', Buffer.from('{"name":"caf\xe9"}', 'latin1'))
  expect([answer.status, answer.body.code]).toEqual([400, 'malformed-json'])
})

test.each<[string, string | undefined, number]>([
  ['absent', undefined, 204],
  ['empty', '', 204],
  ['{}', '{}', 204],
  ['null', 'null', 400],
  ['[]', '[]', 400],
  ['false', 'false', 400],
  ['0', '0', 400],
  ['""', '""', 400],
])('H10 where a body may be absent, a body that is %s is answered', async (_name, body, status) => {
  expect((await post(`/v1/things/${newId()}/end`, body)).status).toBe(status)
  const without = await server().inject({
    method: 'DELETE',
    url: `/v1/things/${newId()}`,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { payload: body }),
  })
  expect(without.statusCode).toBe(status)
})

test('H10 nothing is nothing, whatever its type is said to be', async () => {
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', ';;;'])
    expect(
      (await post(`/v1/things/${newId()}/end`, undefined, { 'content-type': type, 'content-length': '0' })).status,
    ).toBe(204)
  expect(
    (await post(`/v1/things/${newId()}/end`, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status,
  ).toBe(415)
})

test.each([
  ['{"name":"a\\ud83d"}', '/name'],
  ['{"name":"\\ude00b"}', '/name'],
  ['{"name":"n","settings":{"chat":"\\ud800"}}', '/settings/chat'],
])('H11 %s has half of a surrogate pair: refused with its path', async (body, path) => {
  const answer = await post('/v1/things', body)
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid-input'])
  expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toEqual([path])
})

test('H11 also where anything may stand, in names of fields, and deep; a whole pair is fine', async () => {
  const paths = async (note: string) =>
    ((await post('/v1/pick', `{"code":"c","note":${note}}`)).body?.errors ?? []).map(
      (fault: { path: string }) => fault.path,
    )
  expect(await paths('["a",{"b/c":"\\udc00"}]')).toEqual(['/note/1/b~1c'])
  expect(await paths('{"\\ud800":1}')).toEqual(['/note'])
  expect((await paths(`${'['.repeat(10_000)}"\\ud800"${']'.repeat(10_000)}`)).length).toBe(1)
  expect(await paths('"\\ud83d\\ude00"')).toEqual([])
})

test.each(['/v1/things?tag=%zz', '/v1/things?tag=%', '/v1/things?tag=%ed%a0%80', '/v1/things?limit=1&tag=%c3'])(
  'H11 the query of %s is no text',
  async (url) => {
    const answer = await server().inject(url)
    expect([answer.statusCode, answer.json().errors[0].path]).toEqual([400, 'query.tag'])
  },
)

test.each<[string, { path: string; message: string }[] | null]>([
  ['{"code":"c"}', null],
  ['{"token":"t"}', null],
  ['{}', [{ path: '/code', message: 'is required, or else token' }]],
  ['{"code":"c","token":"t"}', [{ path: '/token', message: 'must be absent where there is code' }]],
])('H15 of fields that exclude each other exactly one is there: %s', async (body, errors) => {
  const answer = await post('/v1/pick', body)
  expect([answer.status, answer.body?.errors ?? null]).toEqual([errors === null ? 204 : 400, errors])
})

test('H7 a 4xx of a library stays a 4xx', async () => {
  const raised = async (error: object) => {
    const one = openFixture({
      onCreate: () => {
        throw Object.assign(new Error('secret'), error)
      },
    })
    const answer = await one.inject({ method: 'POST', url: '/v1/things', payload: { name: 'n' } })
    await one.close()
    expect(answer.body).not.toContain('secret')
    return [answer.statusCode, answer.json().code, answer.json().status]
  }
  expect(await raised({ statusCode: 416, expose: true })).toEqual([416, 'invalid-input', 416])
  expect(await raised({ statusCode: 412, expose: true })).toEqual([412, 'invalid-input', 412])
  expect(await raised({ statusCode: 400, code: 'FST_ERR_SOMETHING_NEW' })).toEqual([400, 'invalid-input', 400])
  expect(await raised({ statusCode: 403, expose: true })).toEqual([404, 'not-found', 404])
  // Another server's answer is no answer of ours.
  expect(await raised({ statusCode: 404 })).toEqual([500, 'internal', 500])
  expect(await raised({ statusCode: 500, expose: true })).toEqual([500, 'internal', 500])
})

test('H8 a path that has the method, and is not there, is not about methods', async () => {
  const long = await server().inject(`/v1/things/${'x'.repeat(201)}`)
  expect([long.statusCode, long.json().errors[0].path]).toEqual([400, 'params.id'])
  const other = await server().inject({ method: 'PUT', url: '/v1/things' })
  expect([other.statusCode, other.headers['allow']]).toEqual([405, 'POST, GET, HEAD'])
  expect(other.json().detail).toBe('PUT is not allowed here; allowed are POST, GET, HEAD')
  // There is `GET /v1/things/:id`, and yet this is no thing.
  for (const method of ['GET', 'HEAD', 'DELETE', 'PUT'] as const) {
    const mistaken = await server().inject({ method, url: '/v1/things/join?x=1' })
    expect([method, mistaken.statusCode, mistaken.headers['allow']]).toEqual([method, 405, 'POST'])
  }
  expect((await server().inject({ method: 'POST', url: '/v1/things/join' })).statusCode).toBe(204)
})
