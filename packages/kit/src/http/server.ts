import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  fastify,
  LogController,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { validate as isUuid } from 'uuid'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { ProblemError } from '../problem.ts'
import { traceIdOf } from '../tracing/trace.ts'
import { createLoggedTrust, type ProxyTrust } from './client-address.ts'
import { addHeaders, answerClientError, answerConnect, type HeadersFor } from './early.ts'
import { answerError, sendProblem } from './errors.ts'
import { readJsonBodies } from './json-body.ts'
import { checkContentOrThrow } from './media-type.ts'
import { limitArrival } from './arrival.ts'
import { requestIdOf } from './request-id.ts'
import { checkHeaderSizeOrThrow } from './request-shape.ts'
import { traceRequests } from './trace-requests.ts'
import { createRouteBook, methodNotAllowed, pathOf, type RouteBook } from './route-book.ts'
import { checkTransferCodingOrThrow } from './transfer-coding.ts'
import { validateByTypeBox } from './validation.ts'

export type HttpServer = FastifyInstance

export interface HttpServerOptions {
  log: Logger
  metrics: Metrics
  /** Addresses or networks whose `X-Forwarded-For` is believed; default nobody's. */
  trustProxy?: readonly string[]
  /** Instead of `trustProxy`, by an owner that uses it elsewhere too. */
  trust?: ProxyTrust
  /** Default 64 KiB. */
  bodyLimit?: number
  /** How long a request may take to arrive; default 10 s. */
  requestTimeoutMs?: number
  /** Bytes of all headers together; default 18 KiB: what the gateway lets through, and what it adds. */
  maxHeaderBytes?: number
  /** Headers for every answer, those included that are made before any hook runs. */
  headersFor?: HeadersFor
}

/** Further members of a request's log line: who asked, and the code of the problem that was answered. */
interface Noted {
  userId?: string
  code?: string
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every open socket, upgraded ones included; for the drain. */
    sockets: ReadonlySet<Socket>
    /** True once the drain has begun. */
    draining: boolean
    routeBook: RouteBook
    /** Of a wildcard route, which serves GET: the paths at which there is something, to tell 405 from 404. */
    wildcards: ((path: string) => boolean)[]
    /** The sender of a request, through the trusted proxies. */
    addressOf(request: Pick<IncomingMessage, 'headers' | 'socket'>): string
  }
  interface FastifyRequest {
    noted: Noted | null
  }
}

const noHeaders: HeadersFor = () => ({})
/** Above it the parser gives up, in the middle of a header: nobody knows who asked for what. */
const parserHeaderBytes = 65_536
const defaultArrivalMs = 10_000

/** A server with Parley's limits, problems, request ids, access log and metrics; routes are added by its owner. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log, metrics, headersFor = noHeaders, maxHeaderBytes = 18_432 } = options
  const app = fastify(settings(options))
  const arrivalMs = options.requestTimeoutMs ?? defaultArrivalMs
  app.server.headersTimeout = Math.min(defaultArrivalMs, arrivalMs)
  limitArrival(app, arrivalMs)
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.server.on('connect', answerConnect(headersFor))
  // An expectation nobody knows may be ignored (RFC 9110, section 10.1.1).
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    app.server.emit('request', request, response),
  )
  app.decorate('sockets', sockets)
  app.decorate('draining', false)
  app.decorate('wildcards', [])
  app.decorateRequest('noted', null)
  app.decorate('addressOf', (options.trust ?? createLoggedTrust(options.trustProxy ?? [], log)).addressOf)
  app.removeContentTypeParser('text/plain')
  readJsonBodies(app)
  validateByTypeBox(app)
  app.setErrorHandler(answerError(log))
  answerUnknownRoutes(app)
  traceRequests(app)
  app.addHook('onRequest', async (request, reply) => {
    addHeaders(reply, request, headersFor)
    checkHeaderSizeOrThrow(request.raw, maxHeaderBytes)
    checkTransferCodingOrThrow(request.raw)
  })
  app.addHook('preParsing', async (request) => checkContentOrThrow(request.raw))
  app.addHook('onSend', async (_request, reply) => {
    if (app.draining) reply.header('connection', 'close')
  })
  observe(app, log, metrics)
  return app
}

function settings({ log, bodyLimit = 65_536, headersFor = noHeaders }: HttpServerOptions): FastifyHttpOptions<Server> {
  const fail = answerError(log)
  return {
    // A request without Host is refused with a reason, by the check of its shape.
    http: { maxHeaderSize: parserHeaderBytes, requireHostHeader: false },
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // `limitArrival` does it.
    requestTimeout: 0,
    connectionTimeout: 0,
    // Longer than a proxy keeps an idle connection, so that the proxy is the one who closes it.
    keepAliveTimeout: 75_000,
    // Longer than any path: a parameter that is too long is one that does not fit its schema.
    routerOptions: { maxParamLength: parserHeaderBytes },
    genReqId: requestIdOf,
    requestIdHeader: false,
    // The drain lets what arrives on open connections through, and closes them after it.
    return503OnClosing: false,
    forceCloseConnections: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: answerClientError(headersFor),
    frameworkErrors: (error, request, reply) => fail(error, request, addHeaders(reply, request, headersFor)),
  }
}

function answerUnknownRoutes(app: HttpServer): void {
  const book = createRouteBook()
  app.decorate('routeBook', book)
  app.addHook('onRoute', ({ method, url }) => book.add(method, url))
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request.url)
    const wild = app.wildcards.some((isThere) => isThere(path)) ? ['GET', 'HEAD'] : []
    const methods = [...new Set([...book.methodsFor(path), ...wild])]
    // A path with this very method that is still not there is no matter of methods.
    if (methods.length === 0 || methods.includes(request.method))
      return sendProblem(reply, new ProblemError('not-found'))
    return sendProblem(reply, methodNotAllowed(reply, request.method, methods))
  })
}

/** Which meeting a route is about. A path that has anything else in the place of an id, such as a token, is not logged. */
function meetingOf(route: string, params: unknown): { meetingId?: string } {
  if (!route.startsWith('/v1/meetings/:id') || typeof params !== 'object' || params === null) return {}
  return 'id' in params && isUuid(params.id) ? { meetingId: String(params.id) } : {}
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
      ...request.noted,
      ...meetingOf(route, request.params),
      durationMs: Math.round(reply.elapsedTime),
      ...(request.span && { traceId: traceIdOf(request.span) }),
    }
    if (route.startsWith('/v1')) log.info(line, 'request')
    else log.debug(line, 'request')
  })
}
