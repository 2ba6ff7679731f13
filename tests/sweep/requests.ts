import type { Random } from '../fuzz/random.ts'
import type { RequestPlace, Schema } from './document.ts'
import { edges, oddTexts, oddValues, rightObject, rightValue, type Known } from './values.ts'

/** A request, as it goes over the wire. */
export interface SweepRequest {
  /** The oddity of the request. */
  about: string
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
  /** The path is not that of the operation any more: only the form of the answer is judged. */
  elsewhere?: true
}

interface RequestInput {
  path: Record<string, unknown>
  query: Record<string, unknown>
  header: Record<string, unknown>
  body: unknown
}

/** All requests for an operation: right ones, and for every part of it odd ones. The caller adds the sender; `known` is asked anew for each. */
export function* requestsFor(place: RequestPlace, random: Random, known: () => Known): Generator<SweepRequest> {
  const right = (): RequestInput => rightParts(place, random, known())
  for (let count = 0; count < 12; count += 1) yield asked(place, 'right', right())
  for (const { name, in: where, schema } of place.parameters ?? []) {
    for (const value of [...oddTexts, ...edges(schema)]) {
      const parts = right()
      parts[where][name] = value
      const about = `${where} ${name} = ${told(value)}`
      const plain = typeof value === 'string' && /^(?:|\.{1,2}|.*[\0/\\%].*)$/s.test(value)
      yield { ...asked(place, about, parts), ...(where === 'path' && plain && { elsewhere: true }) }
    }
    const parts = right()
    delete parts[where][name]
    if (where !== 'path') yield asked(place, `no ${where} ${name}`, parts)
  }
  for (const query of [
    '?unknown=1',
    '?limit=1&limit=2',
    '?%zz=1',
    '?a=%ff',
    '?__proto__=1',
    `?${'x'.repeat(3_000)}`,
    '?',
  ])
    yield withQuery(asked(place, `the query ${query.slice(0, 20)}`, right()), query)
  yield* oddHeads(place, right)
  if (place.method !== 'GET') yield* oddBodies(place, right)
}

function rightParts({ parameters = [], requestBody }: RequestPlace, random: Random, known: Known): RequestInput {
  const parts: RequestInput = { path: {}, query: {}, header: {}, body: undefined }
  for (const { name, in: where, required, schema } of parameters)
    if (required === true || random.chance(0.3)) parts[where][name] = rightValue(name, schema, random, known)
  // One key for two requests is a conflict.
  if ('idempotency-key' in parts.header) parts.header['idempotency-key'] = `key-${random.below(2 ** 31)}-of-this-one`
  const schema = schemaOf(requestBody)
  if (schema !== undefined && (requestBody?.required === true || random.chance(0.7)))
    parts.body = rightObject(schema, random, known)
  return parts
}

const schemaOf = (body: RequestPlace['requestBody']): Schema | undefined => body?.content?.['application/json']?.schema

function* oddHeads(place: RequestPlace, right: () => RequestInput): Generator<SweepRequest> {
  const heads: Record<string, string>[] = [
    { accept: 'image/png' },
    { accept: '*/*;q=0' },
    { 'if-match': '"1", "2"' },
    { 'if-match': 'nonsense' },
    { 'if-none-match': '*' },
    { range: 'bytes=0-' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': ';;;' },
    { 'content-encoding': 'gzip' },
    { 'idempotency-key': '' },
    { 'idempotency-key': 'x'.repeat(256) },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'x-request-id': '<script>' },
    { 'user-agent': 'ÿ'.repeat(400) },
    { cookie: 'parley_refresh=%zz; =; parley_guest=x' },
    { 'last-event-id': 'nonsense' },
    { 'x-padding': 'x'.repeat(17_000) },
  ]
  for (const head of heads) {
    const request = asked(place, `headers ${told(head)}`, right())
    yield { ...request, headers: { ...request.headers, ...head } }
  }
}

function* oddBodies(place: RequestPlace, right: () => RequestInput): Generator<SweepRequest> {
  const texts = [
    '',
    'null',
    '[]',
    'false',
    '0',
    '""',
    '{',
    '{"a":1}',
    '{}',
    '{"__proto__":{}}',
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  ]
  const json = { 'content-type': 'application/json' }
  for (const text of [...texts, `"${'x'.repeat(70_000)}"`]) {
    const { body: _right, ...request } = asked(place, `the body ${text.slice(0, 20)}`, right())
    yield { ...request, headers: { ...request.headers, ...json }, body: text }
  }
  const { body: _right, ...request } = asked(place, 'a body that is not UTF-8', right())
  yield { ...request, headers: { ...request.headers, ...json }, body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) }
  const schema = schemaOf(place.requestBody)
  if (schema === undefined) return
  for (const [path, inner] of fieldsOf(schema)) {
    for (const value of [...oddValues, ...edges(inner)]) {
      const parts = right()
      parts.body = changed(parts.body, path, value)
      yield asked(place, `body /${path.join('/')} = ${told(value)}`, parts)
    }
    const parts = right()
    parts.body = changed(parts.body, path, undefined)
    yield asked(place, `no body /${path.join('/')}`, parts)
  }
}

function* fieldsOf({ properties = {} }: Schema, above: readonly string[] = []): Generator<[string[], Schema]> {
  for (const [name, inner] of Object.entries(properties)) {
    yield [[...above, name], inner]
    yield* fieldsOf(inner, [...above, name])
  }
}

function changed(body: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const before = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return { ...before, [name]: rest.length === 0 ? value : changed(before[name], rest, value) }
}

function asked({ path }: RequestPlace, about: string, parts: RequestInput): SweepRequest {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inUrl(parts.path[name]))
  const query = Object.entries(parts.query).map(([name, value]) => `${name}=${inUrl(value)}`)
  const headers = Object.entries(parts.header).map(([name, value]) => [name, inHeader(value)] as const)
  return {
    about,
    path: query.length === 0 ? filled : `${filled}?${query.join('&')}`,
    headers: {
      ...Object.fromEntries(headers),
      ...(parts.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(parts.body !== undefined && { body: JSON.stringify(parts.body) }),
  }
}

const withQuery = (request: SweepRequest, query: string): SweepRequest => ({
  ...request,
  path: `${request.path.split('?', 1)[0]}${query}`,
})
const inUrl = (value: unknown): string => encodeURIComponent(String(value).toWellFormed())
/** What HTTP carries in a header: no line ends, no NUL, Latin-1. */
const inHeader = (value: unknown): string => String(value).replaceAll(/[^\t\u0020-\u007e\u00a0-\u00ff]/g, '?')
const told = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 60)
