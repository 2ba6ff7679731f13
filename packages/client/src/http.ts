import { honoursKey, type Operation } from '@parley/contracts'
import { newId } from './ids.ts'
import { isProblem, localError, localProblem, ParleyError, type LocalCode } from './problem.ts'

/** The SDK's facts about an operation: see `calls` in tables.ts. */
export type CallKind = Pick<Operation, 'method' | 'path' | 'auth' | 'repeat'> & {
  /** It has a JSON body. */
  json: boolean
  /** Its answer is a stream, or it takes or gives bytes. */
  special: boolean
}

/** The parts of a call as the contracts name them, without their types. */
export interface CallInput {
  params?: Readonly<Record<string, unknown>>
  query?: Readonly<Record<string, unknown>>
  body?: unknown
  headers?: Readonly<Record<string, unknown>>
  signal?: AbortSignal
}

export interface HttpRequest {
  method: string
  url: string
  headers: Record<string, string>
  body: string | undefined
}

export interface HttpAnswer {
  status: number
  /** The `ETag` header, for `If-Match`. */
  etag: string | null
  /** Parsed JSON; null where there is none. */
  body: unknown
}

/** The HTTP request of an operation: path and query filled in, JSON body, request id, and an Idempotency-Key where one is honoured. */
export function requestOf(operation: CallKind, baseUrl: string, input: CallInput): HttpRequest {
  const headers: Record<string, string> = { accept: 'application/json', 'x-request-id': newId() }
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = String(value)
  }
  if (honoursKey(operation)) headers['idempotency-key'] ??= newId()
  if (operation.json) headers['content-type'] = 'application/json'
  return {
    method: operation.method,
    url: new URL(pathOf(operation.path, input.params ?? {}) + queryOf(input.query ?? {}), baseUrl).href,
    headers,
    body: operation.json ? JSON.stringify(input.body ?? {}) : undefined,
  }
}

const pathOf = (template: string, params: Readonly<Record<string, unknown>>): string =>
  template.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined || value === '') throw new TypeError(`The path parameter ${name} is missing`)
    return encodeURIComponent(String(value))
  })

function queryOf(query: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return search === '' ? '' : `?${search}`
}

/** Sends it once. Rejects with a ParleyError for anything but a 2xx, also when nothing was answered at all. */
export async function exchange(
  request: HttpRequest,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { response, text } = await reached(signal, async () => {
    const answer = await send(request, fetch, signal)
    return { response: answer, text: await answer.text() }
  })
  const json = parsed(text)
  if (!response.ok) throw new ParleyError(isProblem(json) ? json : strangeProblem(response))
  if (json === undefined) throw localError('internal', 'The answer is not JSON; is this the URL of a Parley gateway?')
  return { status: response.status, etag: response.headers.get('etag'), body: json }
}

/** The same for a stream: its body once it has begun; null for 204. */
export async function exchangeStream(
  request: HttpRequest,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | null> {
  const response = await reached(signal, () => send(request, fetch, signal))
  if (response.status === 204) return null
  if (response.ok && response.body !== null) return response.body
  const json = parsed(await reached(signal, () => response.text()))
  throw new ParleyError(isProblem(json) ? json : strangeProblem(response))
}

const send = (
  { url, method, headers, body }: HttpRequest,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<Response> =>
  fetch(url, { method, headers, signal, credentials: 'include', ...(body === undefined ? {} : { body }) })

async function reached<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    throw localError('unavailable', 'The server could not be reached', error)
  }
}

/** Undefined if it is not JSON, null if there is nothing. */
function parsed(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A problem for an answer that has none, as a proxy between us and the gateway gives. */
function strangeProblem(response: Response) {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const detail = `The server answered ${response.status} without saying why`
  return localProblem(codeOfStatus(response.status), detail, Number.isFinite(seconds) ? seconds * 1000 : undefined)
}

function codeOfStatus(status: number): LocalCode {
  switch (status) {
    case 401:
      return 'unauthenticated'
    case 403:
      return 'forbidden'
    case 404:
      return 'not-found'
    case 413:
      return 'too-large'
    case 429:
      return 'rate-limited'
    case 502:
    case 503:
      return 'unavailable'
    case 504:
      return 'deadline-exceeded'
    default:
      return status < 500 ? 'invalid-input' : 'internal'
  }
}
