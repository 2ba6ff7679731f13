import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { authOperations } from '@parley/contracts'
import {
  checkShapeOrThrow,
  createHttpServer,
  isProblem,
  ProblemError,
  serveHealth,
  type Bus,
  type EdgeAuth,
  type HeadersFor,
  type HttpServer,
  type Kv,
  type Logger,
  type Metrics,
  type ProxyTrust,
} from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import { adminPrefix, serveAdmin } from './admin/admin.ts'
import type { GatewayConfig } from './config.ts'
import { serveDocuments } from './docs/serve.ts'
import { answerPreflights, crossOriginHeaders } from './edge/cross-origin.ts'
import type { ClientFacts } from './edge/forwarded-headers.ts'
import type { FairRate } from './edge/fair-rate.ts'
import type { Limits, RequestKind } from './edge/limits.ts'
import { janusRoute } from './janus/handshake.ts'
import type { Origins } from './edge/origins.ts'
import { maxHeaderBytes } from './edge/request-shape.ts'
import { securityHeaders } from './edge/security-headers.ts'
import { serveRoutes } from './rest/routes.ts'
import type { Streams } from './rest/streams.ts'
import type { Upstreams } from './upstreams.ts'
import { version } from './version.ts'
import { createAdminGuard, createMetricsGuard } from './web/inside-guard.ts'
import { servePage } from './web/page.ts'
import { serveProblemPages } from './web/problem-pages.ts'
import { socketPath } from './ws/handshake.ts'

export interface AppOptions {
  config: GatewayConfig
  log: Logger
  metrics: Metrics
  instanceId: string
  trust: ProxyTrust
  clientFactsOf(request: IncomingMessage, requestId?: string): ClientFacts
  origins: Origins
  limits: Limits
  fairRate: FairRate
  auth: EdgeAuth
  upstreams: Upstreams
  streams: Streams
  transfers: Streams
  kv: Kv
  bus: Bus
  readiness(): Promise<Record<string, boolean>>
}

const bodyLimit = 65_536
const builtPage = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url))

/**
 * The HTTP side of the gateway: every request passes shape, origin, preflight and the limit of its address, in this order. Every
 * answer, early ones too, has the security headers and those of CORS.
 */
export async function createApp(options: AppOptions): Promise<HttpServer> {
  const { config, log, metrics, instanceId, limits, auth, upstreams, streams, transfers, readiness, kv } = options
  const security = await securityHeaders({ https: config.PUBLIC_URL?.startsWith('https:') === true })
  const crossOrigin = crossOriginHeaders(options.origins)
  const withoutOrigin = { ...security, ...crossOrigin(undefined) }
  const headersFor: HeadersFor = (origins) =>
    origins === undefined ? withoutOrigin : { ...security, ...crossOrigin(origins) }
  const app = createHttpServer({ log, metrics, bodyLimit, maxHeaderBytes, headersFor, trust: options.trust })
  guard(app, options)
  await serveRoutes(app, {
    authenticate: auth.authenticate,
    limits,
    upstreams,
    streams,
    transfers,
    bodyLimit,
    clientFactsOf: (request) => options.clientFactsOf(request.raw, request.id),
    answered: options.fairRate.answered,
  })
  for (const path of [socketPath, janusRoute])
    app.get(path, async (_request, reply) => {
      reply.header('upgrade', 'websocket')
      throw new ProblemError('invalid-input', 'This address speaks WebSocket: send Upgrade: websocket', { status: 426 })
    })
  serveHealth(app, {
    service: 'gateway',
    version,
    commit: config.PARLEY_COMMIT,
    instanceId,
    readiness,
    metrics,
    kv,
    degrades: true,
  })
  if (config.ADMIN_TOKEN !== undefined) serveAdmin(app, { kv, bus: options.bus, log })
  await serveDocuments(app, version)
  serveProblemPages(app)
  await servePage(app, config.WEB_DIR ?? builtPage)
  return app
}

/** Asked often by orchestrators and scrapers, and cheap. */
const unlimited = new Set(['/livez', '/readyz', '/version', '/metrics'])

function guard(app: HttpServer, { config, origins, limits, fairRate, auth }: AppOptions): void {
  const mayReadMetrics = createMetricsGuard(config)
  const mayAdminister = createAdminGuard(config)
  app.addHook('onRequest', async ({ raw }) => {
    checkShapeOrThrow(raw)
    if (raw.url?.startsWith('/v1/') === true) origins.checkOrThrow(raw)
  })
  answerPreflights(app, origins)
  app.addHook('onRequest', async (request) => {
    const route = request.routeOptions.url ?? ''
    if (!unlimited.has(route)) {
      const address = app.addressOf(request.raw)
      // First what costs least: a busy gateway looks at no token of those who ask most.
      fairRate.takeOrThrow(address)
      await limits.request(await kindOf(request, auth), address)
    }
    if (route.startsWith(adminPrefix) && !mayAdminister(request.raw)) throw new ProblemError('not-found')
    if (route === '/metrics' && !mayReadMetrics(request.raw)) throw new ProblemError('not-found')
  })
}

/** By what the limits of an address count a request. */
async function kindOf(request: FastifyRequest, { authenticate }: EdgeAuth): Promise<RequestKind> {
  if (request.is404) return 'unknown'
  if (request.routeOptions.url === authOperations.refresh.path) return 'refresh'
  if (request.headers.authorization === undefined) return 'anonymous'
  try {
    await authenticate(request)
    return 'signed-in'
  } catch (error) {
    if (isProblem(error)) return 'anonymous'
    throw error
  }
}
