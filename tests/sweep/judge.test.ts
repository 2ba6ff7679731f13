import { expect, it } from 'vitest'
import type { RequestPlace } from './document.ts'
import { createJudge } from './judge.ts'

const place: RequestPlace = {
  operationId: 'read',
  method: 'GET',
  path: '/v1/things',
  responses: {
    200: {
      headers: { ETag: {}, 'Set-Cookie': {} },
      content: {
        'application/json': { schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
      },
    },
    204: {},
    429: { content: { 'application/problem+json': { schema: { type: 'object', required: ['code'] } } } },
  },
}
const json = { 'content-type': 'application/json', etag: '"1"' }
const problem = { 'content-type': 'application/problem+json' }
const limited = JSON.stringify({ status: 429, code: 'rate-limited' })

it.each<[number, Record<string, string>, string, RegExp | null]>([
  [200, json, '{"n":1}', null],
  [204, {}, '', null],
  [429, { ...problem, 'retry-after': '1' }, limited, null],
  [200, json, '{"n":"1"}', /body is not as documented/],
  [200, { 'content-type': 'text/plain', etag: '"1"' }, 'n', /content type text\/plain is not documented/],
  [200, { 'content-type': 'application/json' }, '{"n":1}', /ETag is documented, and absent/],
  [204, {}, 'x', /a body where none is documented/],
  [404, problem, '{"status":404,"code":"not-found"}', /not documented/],
  [429, problem, limited, /without Retry-After/],
  [429, { ...problem, 'retry-after': '1' }, '{"status":429,"code":"new"}', /unknown code new/],
  [429, { 'content-type': 'text/html', 'retry-after': '1' }, '<p>', /no problem/],
  [500, problem, '{}', /error of ours/],
])('H15 the sweep judges %i with %o and %s', (status, headers, text, fault) => {
  const found = createJudge().faultOf(place, { status, headers: new Headers(headers), text }, false)
  if (fault === null) expect(found).toBeNull()
  else expect(found).toMatch(fault)
})
