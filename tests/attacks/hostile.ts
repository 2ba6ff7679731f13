import type { Operation } from '@parley/contracts'

/** The inputs of an operation. */
export interface Input {
  params?: Readonly<Record<string, unknown>>
  query?: Readonly<Record<string, unknown>>
  body?: Readonly<Record<string, unknown>>
  headers?: Readonly<Record<string, unknown>>
}

/** Texts that do harm where a text becomes something else: SQL, a header, a path, a page, a number, a pattern. */
const hostileTexts: readonly string[] = [
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  "'; SELECT pg_sleep(5); --",
  '" OR 1=1 --',
  "\\'; TRUNCATE meetings; --",
  'x\r\nX-Evil: 1\r\nSet-Cookie: evil=1',
  '%0d%0aX-Evil:%201',
  '\u560d\u560aX-Evil: 1',
  'a\u0000b',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '<script>alert(1)</script>',
  '${7*7}{{7*7}}<%= 7*7 %>',
  '$(sleep 5)`sleep 5`|sleep 5',
  '{"$gt":""}',
  '__proto__',
  'constructor',
  '\ud800',
  '\u202e\u2028\ufeff',
  '1e999',
  '-1',
  '9007199254740993',
  'NaN',
  'room.*.>',
  '*',
  '',
  ' ',
  'x'.repeat(5_000),
  `${'!'.repeat(5_000)}\n`,
]

/** The same for where JSON stands. */
const hostileValues: readonly unknown[] = [
  ...hostileTexts,
  null,
  true,
  0,
  -1,
  1e308,
  [],
  {},
  ['a', { b: null }],
  { $ne: null },
  { toString: 'x', valueOf: 'y' },
]

interface Fields {
  properties?: Readonly<Record<string, Fields>>
}

/** Every call that differs from a good one in one parameter, which is hostile; with what it is. */
export function* hostileCalls(operation: Operation, good: Input): Generator<{ about: string; input: Input }> {
  for (const part of ['params', 'query', 'headers', 'body'] as const) {
    const schema = operation[part] as Fields | undefined
    for (const value of part === 'body' ? hostileValues : hostileTexts) {
      for (const [path, changed] of changes(schema, good[part] ?? {}, value))
        yield { about: `${part}.${path} = ${told(value)}`, input: { ...good, [part]: changed } }
    }
  }
}

function* changes(
  schema: Fields | undefined,
  good: Readonly<Record<string, unknown>>,
  value: unknown,
): Generator<[string, Record<string, unknown>]> {
  for (const [name, inner] of Object.entries(schema?.properties ?? {})) {
    yield [name, { ...good, [name]: value }]
    for (const [path, changed] of changes(inner, {}, value)) yield [`${name}.${path}`, { ...good, [name]: changed }]
  }
}

const told = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 40)

export interface Answered {
  status: number
  headers: Headers
  /** Empty for a stream, which has no end. */
  text: string
  ms: number
}

const withinMs = 15_000

/** Calls an operation with whatever it is given, as well as HTTP can carry it. */
export async function send(
  url: string,
  operation: Operation,
  { params, query, headers, body }: Input,
  token: string,
): Promise<Answered> {
  const path = operation.path.replaceAll(/:(\w+)/g, (_, name: string) => inUrl(params?.[name]))
  const search = Object.entries(query ?? {}).map(([name, value]) => `${name}=${inUrl(value)}`)
  const since = performance.now()
  const stop = new AbortController()
  const response = await fetch(`${url}${path}${search.length === 0 ? '' : `?${search.join('&')}`}`, {
    method: operation.method,
    redirect: 'manual',
    headers: {
      ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, inHeader(value)])),
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(withinMs)]),
  })
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = streams ? '' : await response.text()
  if (streams) stop.abort()
  return { status: response.status, headers: response.headers, text, ms: performance.now() - since }
}

const inUrl = (value: unknown): string => encodeURIComponent(String(value).toWellFormed())
/** The values that a client library lets through: no line ends, no NUL, Latin-1. */
const inHeader = (value: unknown): string => String(value).replaceAll(/[^\t\u0020-\u007e\u00a0-\u00ff]/g, '?')
