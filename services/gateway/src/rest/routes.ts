import { operations, type Operation, type ServiceName } from '@parley/contracts'
import { isProblem, ProblemError, type Authenticate, type HttpServer } from '@parley/kit'
import type { Limits } from '../edge/limits.ts'
import { checkBodilessOrThrow } from '../edge/request-shape.ts'
import { forward, type ForwardOptions } from './forward.ts'

export interface RouteOptions extends ForwardOptions {
  authenticate: Authenticate
  limits: Limits
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
  scope.route({
    method,
    url: path,
    onRequest: async (request) => {
      checkBodilessOrThrow(request.raw)
      if (auth !== 'none') {
        const principal = await authenticate(request)
        if (auth === 'user' && principal.kind !== 'user') throw new ProblemError('forbidden', 'Guests may not do this')
        await limits.principal(principal)
      }
    },
    handler: async (request, reply) => {
      try {
        await forward(service, request, reply, options)
      } catch (error) {
        // The rest of such a body is not waited for.
        if (isProblem(error, 'too-large')) reply.header('connection', 'close')
        throw error
      }
      return reply
    },
  })
}
