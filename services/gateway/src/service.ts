import type { IncomingMessage } from 'node:http'
import type { ServiceName } from '@parley/contracts'
import {
  createDirectory,
  createEdgeAuth,
  defineService,
  type Deps,
  drainHttp,
  type HttpServer,
  requestIdOf,
  type RunningService,
  startHttp,
} from '@parley/kit'
import { createApp } from './app.ts'
import { checkConfigOrThrow, gatewayConfig, type GatewayConfig } from './config.ts'
import { createProxyTrust } from './edge/client-address.ts'
import type { ClientFacts } from './edge/forwarded-headers.ts'
import { createLimits } from './edge/limits.ts'
import { createOrigins } from './edge/origins.ts'
import { createUpstreams } from './upstreams.ts'
import { pathOf, socketPath } from './ws/handshake.ts'
import { createPipeBudget } from './ws/pipe-budget.ts'
import { createUpgrade, type UpgradeOptions } from './ws/upgrade.ts'

const services = ['auth', 'meetings', 'chat', 'signaling'] as const satisfies readonly ServiceName[]

/** The one URL: REST, WebSocket, the web page and the documents on one port. */
export const gatewayService = defineService({
  name: 'gateway',
  config: gatewayConfig,
  create: (deps: Deps<GatewayConfig, never>) => createGateway(deps),
})

async function createGateway(deps: Deps<GatewayConfig, never>): Promise<RunningService> {
  const { config, log, clock, bus, kv } = deps
  checkConfigOrThrow(config)
  const directory = createDirectory(kv, services, { log })
  const auth = createEdgeAuth({ bus, log, clock })
  const upstreams = createUpstreams(directory, services, { timeoutMs: config.UPSTREAM_TIMEOUT_MS })
  const trust = createProxyTrust(config.TRUST_PROXY)
  const origins = createOrigins({
    publicUrl: config.PUBLIC_URL,
    allowedOrigins: config.ALLOWED_ORIGINS,
    production: config.NODE_ENV === 'production',
    trustsPeer: trust.trustsPeer,
  })
  const limits = createLimits(config, { kv, clock })
  const readiness = async (): Promise<Record<string, boolean>> => {
    const live = services.map((service) => [service, directory.instances(service).length > 0] as const)
    return { kv: kv.connected(), bus: bus.connected(), ...Object.fromEntries(live) }
  }
  const app = await createApp({ ...deps, trust, origins, limits, auth, upstreams, readiness })
  const factsOf = (request: IncomingMessage): ClientFacts => ({
    address: trust.addressOf(request),
    ...origins.publicOf(request),
    requestId: requestIdOf(request),
  })
  serveSockets(app, deps, {
    origins,
    limits,
    verifier: auth.verifier,
    factsOf,
    nodes: () => directory.instances('signaling'),
  })
  return {
    async start() {
      upstreams.start()
      await Promise.all([directory.start(), auth.start()])
      return startHttp(app, { host: config.HOST, port: config.PORT })
    },
    async stop() {
      await drainHttp(app, { deadlineMs: config.DRAIN_MS, log })
      await upstreams.stop()
      auth.stop()
      directory.stop()
    },
    readiness,
  }
}

type SocketOptions = Pick<UpgradeOptions, 'origins' | 'limits' | 'verifier' | 'factsOf' | 'nodes'>

/**
 * Takes the upgrades of the server to `/v1/ws`; anywhere else an Upgrade header is ignored, as RFC 9110 (7.8) allows.
 */
function serveSockets(
  app: HttpServer,
  { config, log, metrics }: Deps<GatewayConfig, never>,
  options: SocketOptions,
): void {
  const unlimited = config.RATE_LIMITS === 'off'
  const budget = createPipeBudget({
    total: config.MAX_SOCKETS,
    unauthenticatedPerAddress: unlimited ? config.MAX_SOCKETS : config.MAX_UNAUTHENTICATED_PER_ADDRESS,
  })
  const outcomes = metrics.counter('parley_gateway_upgrades_total', 'WebSocket handshakes by what became of them', [
    'outcome',
  ])
  metrics.reading('parley_gateway_sockets', 'WebSockets joined to a signaling node, or on the way to one', () =>
    budget.count(),
  )
  const upgrade = createUpgrade({
    ...options,
    budget,
    log,
    answerMs: config.UPSTREAM_TIMEOUT_MS,
    draining: () => app.draining,
    onOutcome: (outcome) => outcomes.inc({ outcome }),
  })
  Object.assign(app.server, { shouldUpgradeCallback: (request: IncomingMessage) => pathOf(request) === socketPath })
  app.server.on('upgrade', upgrade)
}
