import { mayRepeat, operations, type Operation, type ServiceName } from '@parley/contracts'
import { checkMethodOrThrow, isProblem, limitKey, ProblemError, type Authenticate, type HttpServer } from '@parley/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Limits } from '../edge/limits.ts'
import { checkBodilessOrThrow } from '../edge/request-shape.ts'
import { forward, type ForwardOptions } from './forward.ts'
import type { Streams } from './streams.ts'
import { transfer } from './transfer.ts'

export interface RouteOptions extends ForwardOptions {
  authenticate: Authenticate
  limits: Limits
  streams: Streams
  /** Places of bytes on their way, up or down. */
  transfers: Streams
}

/** A route per operation of the contracts to the service that serves it. */
export async function serveRoutes(app: HttpServer, options: RouteOptions): Promise<void> {
  await app.register(async (scope) => {
    // Bodies go on as they are: only their service knows what they should be.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const [service, list] of Object.entries(operations)) {
      for (const operation of Object.values<Operation>(list))
        serveRoute(scope, service as ServiceName, { operation, options })
    }
  })
}

function serveRoute(
  scope: HttpServer,
  service: ServiceName,
  { operation, options }: { operation: Operation; options: RouteOptions },
): void {
  const { auth, method, path } = operation
  const { authenticate, limits } = options
  const callers = new WeakMap<FastifyRequest, string>()
  scope.route({
    method,
    url: path,
    onRequest: async (request, reply) => {
      checkMethodOrThrow(request, reply)
      checkBodilessOrThrow(request.raw)
      if (auth === 'none') return
      const principal = await authenticate(request)
      if (auth === 'user' && principal.kind !== 'user') throw new ProblemError('forbidden', 'Guests may not do this')
      await limits.principal(principal)
      callers.set(request, principal.userId)
    },
    handler: async (request, reply) => {
      try {
        const repeatable = mayRepeat(operation, request.headers['idempotency-key'] !== undefined)
        if (operation.bytes !== undefined)
          await transfer(service, operation.bytes, { request, reply, caller: callers.get(request) ?? '' }, options)
        else if (operation.stream === undefined) await forward({ service, repeatable }, request, reply, options)
        else
          await stream(service, operation.stream.hint, { request, reply, caller: callers.get(request) ?? '' }, options)
      } catch (error) {
        // The rest of such a body is not waited for.
        if (isProblem(error, 'too-large')) reply.header('connection', 'close')
        throw error
      }
      return reply
    },
  })
}

export interface Asking {
  request: FastifyRequest
  reply: FastifyReply
  /** Whose token the request has; empty on an operation for anybody. */
  caller: string
}

/** An event stream has a place of its own. With a hint it has the node of others with the same hint. */
async function stream(
  service: ServiceName,
  hint: string | undefined,
  { request, reply, caller }: Asking,
  options: RouteOptions,
): Promise<void> {
  const { ending, giveBack } = options.streams.takeOrThrow(caller, limitKey(options.clientFactsOf(request).address))
  const key = hint === undefined ? undefined : (request.params as Readonly<Record<string, string>>)[hint]
  try {
    await forward({ service, repeatable: true, ending, ...(key === undefined ? {} : { key }) }, request, reply, options)
  } finally {
    giveBack()
  }
}
