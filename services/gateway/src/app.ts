import { fileURLToPath } from 'node:url'
import cors from '@fastify/cors'
import {
  checkShapeOrThrow,
  createHttpServer,
  ProblemError,
  serveHealth,
  type EdgeAuth,
  type HttpServer,
  type Kv,
  type Logger,
  type Metrics,
} from '@parley/kit'
import type { GatewayConfig } from './config.ts'
import { serveDocuments } from './docs/serve.ts'
import type { ProxyTrust } from './edge/client-address.ts'
import { janusRoute } from './janus/handshake.ts'
import type { Limits } from './edge/limits.ts'
import type { Origins } from './edge/origins.ts'
import { securityHeaders } from './edge/security-headers.ts'
import { serveRoutes } from './rest/routes.ts'
import type { Streams } from './rest/streams.ts'
import type { Upstreams } from './upstreams.ts'
import { version } from './version.ts'
import { createMetricsGuard } from './web/metrics-guard.ts'
import { servePage } from './web/page.ts'
import { serveProblemPages } from './web/problem-pages.ts'
import { socketPath } from './ws/handshake.ts'

export interface AppOptions {
  config: GatewayConfig
  log: Logger
  metrics: Metrics
  instanceId: string
  trust: ProxyTrust
  origins: Origins
  limits: Limits
  auth: EdgeAuth
  upstreams: Upstreams
  streams: Streams
  transfers: Streams
  kv: Pick<Kv, 'faults'>
  readiness(): Promise<Record<string, boolean>>
}

const bodyLimit = 65_536
const builtPage = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url))

/**
 * The HTTP side of the gateway: every request passes shape, security headers, CORS and the limit of its address, in
 * this order.
 */
export async function createApp(options: AppOptions): Promise<HttpServer> {
  const {
    config,
    log,
    metrics,
    instanceId,
    trust,
    origins,
    limits,
    auth,
    upstreams,
    streams,
    transfers,
    readiness,
    kv,
  } = options
  const app = createHttpServer({ log, metrics, bodyLimit })
  await guard(app, options)
  await serveRoutes(app, {
    authenticate: auth.authenticate,
    limits,
    upstreams,
    streams,
    transfers,
    bodyLimit,
    factsOf: (request) => ({
      address: trust.addressOf(request.raw),
      ...origins.publicOf(request.raw),
      requestId: request.id,
    }),
  })
  for (const path of [socketPath, janusRoute])
    app.get(path, async (_request, reply) => {
      reply.header('upgrade', 'websocket')
      throw new ProblemError('invalid-input', 'This address speaks WebSocket: send Upgrade: websocket', { status: 426 })
    })
  serveHealth(app, { service: 'gateway', version, instanceId, readiness, metrics, kv, degrades: true })
  await serveDocuments(app, version)
  serveProblemPages(app)
  await servePage(app, config.WEB_DIR ?? builtPage)
  return app
}

/** Asked often by orchestrators and scrapers, and cheap. */
const unlimited = new Set(['/livez', '/readyz', '/version', '/metrics'])

async function guard(app: HttpServer, { config, trust, origins, limits }: AppOptions): Promise<void> {
  const headers = await securityHeaders({ https: config.PUBLIC_URL?.startsWith('https:') === true })
  const mayReadMetrics = createMetricsGuard(config.METRICS_TOKEN)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    checkShapeOrThrow(request.raw)
  })
  await app.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && origins.allowed.has(origin)),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-range',
      'content-type',
      'idempotency-key',
      'if-match',
      'if-none-match',
      'if-range',
      'last-event-id',
      'range',
      'x-request-id',
    ],
    exposedHeaders: [
      'Accept-Ranges',
      'Content-Disposition',
      'Content-Range',
      'ETag',
      'Location',
      'Retry-After',
      'Upload-Length',
      'Upload-Offset',
      'X-Request-Id',
    ],
    maxAge: 600,
  })
  app.addHook('onRequest', async (request) => {
    const route = request.routeOptions.url ?? ''
    if (!unlimited.has(route)) await limits.request(trust.addressOf(request.raw))
    if (route === '/metrics' && !mayReadMetrics(request.raw)) throw new ProblemError('not-found')
  })
}
