import {
  mayRepeat,
  type OperationAnswer,
  type OperationInput,
  type OperationName,
  type StreamName,
  type BytesName,
} from '@parley/contracts'
import { exchange, requestOf, type CallInput, type CallKind, type HttpAnswer, type HttpRequest } from './http.ts'
import { localError, ParleyError } from './problem.ts'
import { calls } from './tables.ts'
import { backoffMs, pause } from './time.ts'

export type RestInput<N extends OperationName> = OperationInput<N> & { signal?: AbortSignal }

/** A successful answer with its head. */
export interface RestAnswer<T> {
  status: number
  /** The `ETag` header, for `If-Match`. */
  etag: string | null
  body: T
}

type Call<I, A> = Record<never, never> extends I ? (input?: I) => Promise<A> : (input: I) => Promise<A>

type RestName = Exclude<OperationName, StreamName | BytesName>

/**
 * Every REST operation but streams and bytes by its name: `rest.getMeeting({ params: { id } })` resolves to the body of the 2xx answer, and
 * `rest.full.getMeeting(…)` to `{ status, etag, body }`. Rejects with a ParleyError, or with the reason of `signal`.
 */
export type RestClient = { readonly [N in RestName]: Call<RestInput<N>, OperationAnswer<N>> } & {
  readonly full: { readonly [N in RestName]: Call<RestInput<N>, RestAnswer<OperationAnswer<N>>> }
}

/** Where the access token comes from. */
export interface TokenSource {
  current(): Promise<string>
  /** A newer one than `stale`. */
  renew(stale: string): Promise<string>
}

/** Carries out one operation. Without `tokens` it is sent without a token. */
export type Caller = <N extends OperationName>(
  name: N,
  input: RestInput<N>,
  tokens?: TokenSource,
) => Promise<RestAnswer<OperationAnswer<N>>>

export interface CallerOptions {
  url: string
  fetch: typeof globalThis.fetch
  /** For a call with all its repetitions; 15 s unless told. */
  deadlineMs?: number
}

/** The server answers a spent refresh token again for 10 s: whoever got no answer has to ask before. */
const refreshDeadlineMs = 4_000

export function createCaller({ url, fetch, deadlineMs: usualMs = 15_000 }: CallerOptions): Caller {
  return async (name, input, tokens) => {
    const deadlineMs = name === 'refresh' ? Math.min(refreshDeadlineMs, usualMs) : usualMs
    const operation = operationNamed(name)
    const given = input as CallInput
    const request = requestOf(operation, url, given)
    const deadline = AbortSignal.timeout(deadlineMs)
    const signal = given.signal ? AbortSignal.any([given.signal, deadline]) : deadline
    const once = () =>
      withToken(request, (r) => exchange(r, fetch, signal), operation.auth === 'none' ? undefined : tokens)
    try {
      return (await (isRepeatable(name, operation) ? repeating(once, signal) : once())) as RestAnswer<never>
    } catch (error) {
      if (deadline.aborted && !given.signal?.aborted && !(error instanceof ParleyError)) {
        throw localError('deadline-exceeded', `No answer within ${deadlineMs / 1000} s`, error)
      }
      throw error
    }
  }
}

/** Each call is made, and repeated, as whoever is signed in when it is made: `pin` sees to that. */
export function createRest(call: Caller, session: TokenSource & { pin?(): TokenSource }): RestClient {
  const pinned = (): TokenSource => session.pin?.() ?? session
  const names = [...byName].filter(([, { special }]) => !special).map(([name]) => name as RestName)
  const full = Object.fromEntries(
    names.map((name) => [name, (input = {}) => call(name, input as RestInput<typeof name>, pinned())]),
  )
  const plain = names.map((name) => [
    name,
    async (input = {}) => (await call(name, input as RestInput<typeof name>, pinned())).body,
  ])
  return { ...Object.fromEntries(plain), full } as RestClient
}

const byName = new Map(Object.entries(calls).map(([name, text]) => [name, kindOf(text)]))

function kindOf(text: string): CallKind {
  const [method, path = '', auth, repeat, ...marks] = text.split(' ')
  const json = marks.includes('json')
  return { method, path, auth, repeat, json, special: marks.length > (json ? 1 : 0) } as CallKind
}

export function operationNamed(name: string): CallKind {
  const operation = byName.get(name)
  if (!operation) throw new TypeError(`There is no operation ${name}`)
  return operation
}

/** A token that the server no longer takes is renewed once, and the call repeated. */
async function withToken(
  request: HttpRequest,
  send: (request: HttpRequest) => Promise<HttpAnswer>,
  tokens?: TokenSource,
) {
  if (!tokens) return send(request)
  const bearing = (token: string) =>
    send({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } })
  const token = await tokens.current()
  try {
    return await bearing(token)
  } catch (error) {
    if (!isTokenFault(error)) throw error
    return bearing(await tokens.renew(token))
  }
}

const isTokenFault = (error: unknown): boolean =>
  error instanceof ParleyError && (error.code === 'token-expired' || error.code === 'unauthenticated')

/**
 * Besides what anybody may repeat, see `mayRepeat`: what its sender knows to be as good the second time. The last word of an edit is this
 * client's. A refresh whose answer was lost gets the same successor.
 */
const harmless: ReadonlySet<OperationName> = new Set(['resolveCode', 'editMessage', 'refresh', 'logout', 'logoutAll'])

/** A creation has a key: `requestOf` makes one. */
const isRepeatable = (name: OperationName, operation: CallKind): boolean =>
  mayRepeat(operation, true) || harmless.has(name)

const maxAttempts = 4
const longestWaitMs = 5_000
const transient: ReadonlySet<number> = new Set([429, 502, 503, 504])

async function repeating<T>(once: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once()
    } catch (error) {
      const wait = waitBefore(error, attempt)
      if (wait === null || signal.aborted) throw error
      await pause(wait, signal)
      signal.throwIfAborted()
    }
  }
}

/** Milliseconds until the next attempt; null if there is none to be made. */
function waitBefore(error: unknown, attempt: number): number | null {
  if (!(error instanceof ParleyError) || attempt >= maxAttempts || !transient.has(error.problem.status)) return null
  const asked = error.problem.retryAfterMs ?? 0
  return asked > longestWaitMs ? null : asked + backoffMs(attempt, { baseMs: 200, maxMs: 2_000 })
}
