import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { headersOf, honoursKey, type Operation, type Operations, type Principal } from '@parley/contracts'
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Kv } from '../kv/kv.ts'
import { plainly, type KeptAnswers, type MakeOnce } from '../once/once.ts'
import { ProblemError } from '../problem.ts'
import type { Authenticate } from './authenticate.ts'
import { bytesOf, sendBytes, takeBytes } from './bytes.ts'
import { answerChecker } from './check-answers.ts'
import { admission } from './admission.ts'
import { limitKey } from './limit-key.ts'
import { hasContentLength } from './media-type.ts'
import { checkQueryOrThrow, checkShapeOrThrow } from './request-shape.ts'
import { checkMethodOrThrow } from './route-book.ts'
import type { HttpServer } from './server.ts'

type Shape<S> = S extends TSchema ? Static<S> : Record<string, never>

/** The input of a handler: every part already validated. */
export type Call<O extends Operation> = CallFields<O> &
  (O extends { repeat: 'key' } ? { once: MakeOnce<Answer<O>> } : unknown) &
  (O extends { bytes: { request: object } } ? { bytes: Readable } : unknown)

interface CallFields<O extends Operation> {
  params: Shape<O['params']>
  query: Shape<O['query']>
  body: O['body'] extends TSchema ? Static<O['body']> : undefined
  headers: Shape<O['headers']>
  principal: O['auth'] extends 'none' ? undefined : Principal
  requestId: string
  /** The caller's address, through the proxies that are trusted. */
  address: string
  request: FastifyRequest
}

interface AnswerHead<Status> {
  status: Status
  headers?: Readonly<Record<string, string>>
  /** Values of `Set-Cookie`. */
  cookies?: readonly string[]
}
/** One of the successful answers that the operation declares. */
type Answer<O extends Operation> = {
  [S in keyof O['answers'] & number]: AnswerHead<S> &
    (O['answers'][S] extends TSchema ? Content<O, Static<O['answers'][S]>> : { body?: null })
}[keyof O['answers'] & number]

/** A stream is not a body: once the head is written, the handler has the connection until it ends the response. */
type Content<O extends Operation, Body> = O['stream'] extends object
  ? { stream: WriteStream }
  : O extends { bytes: { answer: true } }
    ? { bytes: Readable }
    : { body: Body }
export type WriteStream = (response: ServerResponse) => void

type Handler<O extends Operation> = (call: Call<O>) => Answer<O> | Promise<Answer<O>>
export type Handlers<Ops extends Operations> = { readonly [K in keyof Ops]: Handler<Ops[K]> }

export interface ServeOptions {
  authenticate: Authenticate
  /** Needed by operations with a `limit`. */
  kv?: Pick<Kv, 'limiter'>
  /** Needed by operations that honour an `Idempotency-Key`: their handlers make their effect by `once`. */
  kept?: KeptAnswers
  /** Answers that do not match their schema become 500s; for development and tests. */
  checkAnswers?: boolean
}

/** Adds a route per operation: shape of the request, limit, authentication, validation, handler, answer, in this order. */
export function serveOperations<const Ops extends Operations>(
  app: HttpServer,
  operations: Ops,
  handlers: Handlers<NoInfer<Ops>>,
  options: ServeOptions,
): void {
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    // The mapped type has paired them by name; per name TypeScript cannot follow.
    const handle = (handlers as Readonly<Record<string, unknown>>)[name] as Handle
    const entry = { name, operation, handle, options }
    if (operation.bytes?.request === undefined) serve(app, entry)
    else void takeBytes(app, (scope) => serve(scope, entry))
  }
}

type LooseAnswer = AnswerHead<number> & { body?: unknown; stream?: WriteStream; bytes?: Readable }
type Handle = (call: object) => LooseAnswer | Promise<LooseAnswer>
type AnyCall = Omit<CallFields<Operation>, 'principal' | 'headers'> & {
  bytes?: Readable
  principal: Principal | undefined
  headers: Readonly<Record<string, unknown>>
}
type Answering = (call: AnyCall) => LooseAnswer | Promise<LooseAnswer>
interface RouteEntry {
  name: string
  operation: Operation
  handle: Handle
  options: ServeOptions
}

function serve(app: HttpServer, { name, operation, handle, options }: RouteEntry): void {
  const admit = admission(name, operation, options)
  const answerTo = honoursKey(operation) ? answeringOnce(name, handle, options) : handle
  const check = options.checkAnswers === true ? answerChecker(name, operation) : undefined
  const principals = new WeakMap<FastifyRequest, Principal>()
  app.route({
    method: operation.method,
    url: operation.path,
    schema: schemaOf(operation),
    onRequest: async (request, reply) => {
      checkShapeOrThrow(request.raw)
      checkMethodOrThrow(request, reply)
      if (!takesAnyQuery(operation)) checkQueryOrThrow(request.raw)
      ignoreTypeOfNothing(request.raw)
      const principal = await admit(request)
      if (principal === undefined) return
      principals.set(request, principal)
      request.noted = { ...request.noted, userId: principal.userId }
    },
    preValidation: async (request) => {
      // An absent body is an empty one: where every field is optional, clients send none. `null` is a body.
      if (operation.body !== undefined && request.body === undefined) request.body = {}
    },
    handler: async (request, reply) => {
      if (operation.bytes?.request === undefined && operation.body === undefined && hasContent(request.body)) {
        throw new ProblemError('invalid-input', 'No body is expected here', {
          errors: [{ path: '', message: 'must be absent' }],
        })
      }
      const call = callOf(request, principals.get(request))
      const limit = operation.bytes?.request?.maxBytes
      const answer = await answerTo(limit === undefined ? call : { ...call, bytes: bytesOf(request, limit) })
      if (answer.stream !== undefined) return beginStream(reply, answer, answer.stream)
      if (answer.bytes !== undefined) return sendBytes(reply, answer, answer.bytes)
      check?.(answer)
      reply.code(answer.status).headers(answer.headers ?? {})
      if (answer.cookies !== undefined) reply.header('set-cookie', [...answer.cookies])
      return reply.send(answer.body ?? undefined)
    },
  })
}

/** Has the operation handled once under the key of its client, if there is one. */
function answeringOnce(name: string, handle: Handle, { kept }: ServeOptions): Answering {
  if (kept === undefined) throw new Error(`${name} honours a key: pass kept to serveOperations`)
  return async (call) => {
    const { params, body, principal, address, headers } = call
    const key: unknown = headers['idempotency-key']
    if (typeof key !== 'string') return handle({ ...call, once: plainly })
    const userId = principal?.userId ?? null
    const request = { key, userId, holder: userId ?? limitKey(address), operation: name, params, body }
    return kept.answer(request, async (once) => handle({ ...call, once }))
  }
}

/** Hands the connection over: what follows is neither buffered, nor compressed, nor kept by a proxy that can be told so. */
function beginStream(reply: FastifyReply, { status, headers }: LooseAnswer, write: WriteStream): FastifyReply {
  const head = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  reply.code(status).headers({ ...head, ...headers })
  reply.hijack()
  reply.raw.writeHead(
    status,
    Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]),
  )
  reply.raw.flushHeaders()
  write(reply.raw)
  if (reply.request.method === 'HEAD') reply.raw.end()
  return reply
}

const addressOf = (request: FastifyRequest): string => request.server.addressOf(request.raw)

function callOf(request: FastifyRequest, principal: Principal | undefined): AnyCall {
  const { params, query, body, headers } = request
  const parts = { params, query, body, headers, principal, requestId: request.id, address: addressOf(request), request }
  return parts as AnyCall
}

function schemaOf(operation: Operation): FastifySchema {
  const { params, query, body } = operation
  const headers = headersOf(operation)
  return {
    ...(params === undefined ? {} : { params }),
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
    // Without a schema of its own a query is still refused when it has fields.
    querystring: query ?? { type: 'object', properties: {} },
  }
}

/** Where a provider leads browsers back to, the address is not ours to judge. */
const takesAnyQuery = ({ query }: Operation): boolean =>
  query !== undefined && 'additionalProperties' in query && query.additionalProperties === true

/** `{}` says nothing, and clients send it; everything else does. */
const hasContent = (body: unknown): boolean =>
  body !== undefined &&
  !(typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0)

/** The type of content that is not there is no type to refuse: forms and some clients name one all the same. */
function ignoreTypeOfNothing(request: IncomingMessage): void {
  if (!hasContentLength(request)) delete request.headers['content-type']
}
