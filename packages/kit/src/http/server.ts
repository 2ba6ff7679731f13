import type { Socket } from 'node:net'
import {
  fastify,
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { ProblemError } from '../problem.ts'
import { answerClientError, answerError, sendProblem } from './errors.ts'
import { limitArrival } from './arrival.ts'
import { requestIdOf } from './request-id.ts'
import { createRouteBook } from './route-book.ts'
import { checkTransferCodingOrThrow } from './transfer-coding.ts'
import { validateByTypeBox } from './validation.ts'

export type HttpServer = FastifyInstance

export interface HttpServerOptions {
  log: Logger
  metrics: Metrics
  /** Addresses or networks whose `X-Forwarded-For` is believed; default nobody's. */
  trustProxy?: readonly string[]
  /** Default 64 KiB. */
  bodyLimit?: number
  /** How long a request may take to arrive; default 10 s. */
  requestTimeoutMs?: number
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every open socket, upgraded ones included; for the drain. */
    sockets: ReadonlySet<Socket>
    /** True once the drain has begun. */
    draining: boolean
  }
}

const defaultArrivalMs = 10_000

/** A server with Parley's limits, problems, request ids, access log and metrics; routes are added by its owner. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log, metrics } = options
  const app = fastify(settings(options))
  const arrivalMs = options.requestTimeoutMs ?? defaultArrivalMs
  app.server.headersTimeout = Math.min(defaultArrivalMs, arrivalMs)
  limitArrival(app, arrivalMs)
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.decorate('sockets', sockets)
  app.decorate('draining', false)
  app.removeContentTypeParser('text/plain')
  tolerateEmptyJson(app)
  validateByTypeBox(app)
  app.setErrorHandler(answerError(log))
  answerUnknownRoutes(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    checkTransferCodingOrThrow(request.raw)
  })
  app.addHook('onSend', async (_request, reply) => {
    if (app.draining) reply.header('connection', 'close')
  })
  observe(app, log, metrics)
  return app
}

function settings({ log, trustProxy = [], bodyLimit = 65_536 }: HttpServerOptions): FastifyServerOptions {
  return {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // `limitArrival` does it.
    requestTimeout: 0,
    connectionTimeout: 0,
    // Longer than a proxy keeps an idle connection, so that the proxy is the one who closes it.
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 200 },
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    // The drain lets what arrives on open connections through, and closes them after it.
    return503OnClosing: false,
    forceCloseConnections: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: answerClientError,
    frameworkErrors: answerError(log),
  }
}

/** An empty body with a JSON content type is no body: many clients set the header on every request. */
function tolerateEmptyJson(app: HttpServer): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else void parse(request, String(body), done)
  })
}

function answerUnknownRoutes(app: HttpServer): void {
  const book = createRouteBook()
  app.addHook('onRoute', ({ method, url }) => book.add(method, url))
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const methods = book.methodsFor(request.url.split('?', 1)[0] ?? '')
    if (methods.length === 0) return sendProblem(reply, new ProblemError('not-found'))
    return sendProblem(reply.header('allow', methods.join(', ')), new ProblemError('method-not-allowed'))
  })
}

/** One log line and one observation per request: the route's pattern, never the address, the query or the headers. */
function observe(app: HttpServer, log: Logger, metrics: Metrics): void {
  const duration = metrics.histogram('parley_http_request_seconds', 'Time to answer HTTP requests', [
    'method',
    'route',
    'status',
  ])
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    const { method } = request
    // A stream's end is not the time it took to answer.
    const isStream = reply.getHeader('content-type') === 'text/event-stream'
    if (!isStream) duration.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    const line = {
      requestId: request.id,
      method,
      route,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    }
    if (route.startsWith('/v1')) log.info(line, 'request')
    else log.debug(line, 'request')
  })
}
