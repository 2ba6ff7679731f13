import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { ServiceName } from '@parley/contracts'
import { isProblem, ProblemError } from '@parley/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import { answerHeaders, requestHeaders, type ClientFacts } from '../edge/forwarded-headers.ts'
import type { Choice, Upstream, Upstreams } from '../upstreams.ts'
import { exchange, type Client, type Outcome } from './exchange.ts'
import { checkLengthOrThrow, createRequestBody, passRequestBody, type RequestBody } from './request-body.ts'

export interface ForwardOptions {
  upstreams: Upstreams
  bodyLimit: number
  clientFactsOf(request: FastifyRequest): ClientFacts
  /** Told how long a service took to begin its answer, ms. */
  answered(ms: number): void
}

/** Where a request goes. */
export interface Destination {
  service: ServiceName
  /** Whether it may be sent again though it may have been carried out. */
  repeatable: boolean
  /** The key that the instance is chosen by, where it is not simply the next one. */
  key?: string
  /** For an event stream: aborted when it should end. */
  ending?: AbortSignal
  /** For bytes: the body, of at most so many, is not kept. Its part that was read is lost with the service that had it. */
  bytes?: { maxBytes: number }
}

const none = 'No instance of the service can be reached'

/**
 * Sends a request to an instance of a service. If that fails before any byte of an answer it goes once to another
 * instance: any request that was never sent, and one that was if its operation says that it may be repeated.
 * @throws ProblemError `unavailable`, `deadline-exceeded`, `too-large`
 */
export async function forward(
  to: Destination,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ForwardOptions,
): Promise<void> {
  checkLengthOrThrow(request.raw, to.bytes?.maxBytes ?? options.bodyLimit)
  const body = request.body === undefined ? null : bodyOf(request.raw, to.bytes, options.bodyLimit)
  try {
    await sendOrThrow(to, { request, reply, body }, options)
  } finally {
    body?.discard()
  }
}

interface Exchanged {
  request: FastifyRequest
  reply: FastifyReply
  body: RequestBody | null
}

async function sendOrThrow(to: Destination, exchanged: Exchanged, options: ForwardOptions): Promise<void> {
  const { upstreams } = options
  const { reply } = exchanged
  const send = senderOf(to, exchanged, options)
  const choice: Choice = to.key === undefined ? {} : { key: to.key }
  const first = upstreams.pick(to.service, choice)
  if (first === null) throw new ProblemError('unavailable', none)
  const outcome = await send(first)
  if (outcome.kind === 'answered' || reply.raw.destroyed) return
  // A node answers a stream from memory: a silent one is frozen, and another one serves it as well.
  if (to.ending === undefined || !isTimeout(outcome.error)) throwIfFinal(outcome, to.repeatable)
  upstreams.pause(first)
  // A kept connection may have been closed just now by an instance that is well; a refused one is not worth another
  // try.
  const second = upstreams.pick(to.service, { ...choice, besides: first }) ?? (outcome.sent ? first : null)
  if (second === null) throw new ProblemError('unavailable', none, {}, { cause: outcome.error })
  const again = await send(second)
  if (again.kind === 'answered') return
  throwIfFinal(again, true)
  upstreams.pause(second)
  throw new ProblemError('unavailable', none, {}, { cause: again.error })
}

function senderOf(
  { ending, bytes }: Destination,
  { request, reply, body }: Exchanged,
  { clientFactsOf, answered }: ForwardOptions,
) {
  const { raw } = request
  const headers = requestHeaders(raw.rawHeaders, clientFactsOf(request))
  const since = performance.now()
  const client = clientOf(request, reply, { ending, bytes, onBegin: () => answered(performance.now() - since) })
  const [pool, counter] =
    bytes !== undefined
      ? (['bytesPool', 'streams'] as const)
      : ending === undefined
        ? (['pool', 'inFlight'] as const)
        : (['streamPool', 'streams'] as const)
  return async (upstream: Upstream): Promise<Outcome> => {
    const outgoing: Dispatcher.DispatchOptions = {
      path: raw.url ?? '/',
      method: request.method as Dispatcher.HttpMethod,
      headers,
      // Node gives chunks of bytes; undici takes any iterable of them, though its types name only streams.
      body: body === null ? null : (body.read() as unknown as Readable),
    }
    upstream[counter] += 1
    try {
      return await exchange(upstream[pool], outgoing, client)
    } finally {
      upstream[counter] -= 1
    }
  }
}

const bodyOf = (raw: IncomingMessage, bytes: Destination['bytes'], bodyLimit: number): RequestBody =>
  bytes === undefined ? createRequestBody(raw, bodyLimit) : passRequestBody(raw, bytes.maxBytes)

interface Manner {
  ending: AbortSignal | undefined
  bytes: Destination['bytes']
  onBegin(): void
}

const clientOf = (request: FastifyRequest, reply: FastifyReply, { ending, bytes, onBegin }: Manner): Client => ({
  response: reply.raw,
  ...(ending === undefined ? {} : { ending }),
  begin(status, theirs) {
    onBegin()
    reply.hijack()
    // A long body that is not wanted is not read to its end; of a short one the rest is, or its sender would not see the answer.
    const unread = !request.raw.complete && Number(request.headers['content-length'] ?? 0) > mostUnreadBytes
    if (request.server.draining || unread) reply.header('connection', 'close')
    reply.raw.writeHead(status, answerHeaders(theirs, reply.getHeaders(), { content: bytes !== undefined }))
    // The first event may be long in coming.
    if (ending !== undefined) reply.raw.flushHeaders()
  },
})

const mostUnreadBytes = 32 * 1024 * 1024

/** @throws what the client is told, when a second attempt cannot help or could do harm */
function throwIfFinal({ error, sent }: Extract<Outcome, { kind: 'failed' }>, repeatable: boolean): void {
  if (isProblem(error)) throw error
  if (isTimeout(error)) {
    throw new ProblemError('deadline-exceeded', 'The service took too long to answer', {}, { cause: error })
  }
  if (!sent || repeatable) return
  const detail =
    'The connection to the service was lost; look whether the request has taken effect before you repeat it'
  throw new ProblemError('unavailable', detail, { retryable: false }, { cause: error })
}

const isTimeout = (error: Error): boolean =>
  'code' in error && (error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_BODY_TIMEOUT')
