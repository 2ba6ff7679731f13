import type { IncomingMessage } from 'node:http'
import type { ServiceName } from '@parley/contracts'
import {
  createDirectory,
  createEdgeAuth,
  createLoggedTrust,
  defineService,
  type Deps,
  drainHttp,
  requestIdOf,
  socketsThatFit,
  type RunningService,
  startHttp,
} from '@parley/kit'
import { createApp } from './app.ts'
import { checkConfigOrThrow, gatewayConfig, type GatewayConfig } from './config.ts'
import type { ClientFacts } from './edge/forwarded-headers.ts'
import { createFairRate } from './edge/fair-rate.ts'
import { createLimits } from './edge/limits.ts'
import { createOrigins } from './edge/origins.ts'
import { serveJanus } from './janus/serve.ts'
import { readinessOf } from './readiness.ts'
import { createStreams } from './rest/streams.ts'
import { createUpstreams } from './upstreams.ts'
import { spreadMs } from './ws/farewells.ts'
import { serveSockets } from './ws/serve.ts'

const services = ['auth', 'meetings', 'chat', 'media', 'signaling'] as const satisfies readonly ServiceName[]

/** The one URL: REST, WebSocket, the web page and the documents on one port. */
export const gatewayService = defineService({
  name: 'gateway',
  config: gatewayConfig,
  create: (deps: Deps<GatewayConfig, never>) => createGateway({ ...deps, config: withSocketsThatFit(deps) }),
})

/** The socket of a client; a link to a node serves thousands. */
const descriptorsEach = 1

function withSocketsThatFit({ config, log }: Deps<GatewayConfig, never>): Readonly<GatewayConfig> {
  const fit = socketsThatFit(config.MAX_SOCKETS, descriptorsEach)
  if (fit < config.MAX_SOCKETS)
    log.warn(
      { wanted: config.MAX_SOCKETS, fit },
      'takes fewer sockets than MAX_SOCKETS: each needs an open file; raise the limit (ulimit -n)',
    )
  return { ...config, MAX_SOCKETS: fit }
}

async function createGateway(deps: Deps<GatewayConfig, never>): Promise<RunningService> {
  checkConfigOrThrow(deps.config)
  const parts = createParts(deps)
  const { directory, auth, upstreams, streams } = parts
  const readiness = readinessOf({ ...deps, directory, auth, services })
  const app = await createApp({ ...deps, ...parts, readiness })
  let drained = false
  const draining = (): boolean => drained || !app.server.listening
  const janus = serveJanus({
    ...deps,
    ...parts,
    verifier: auth.verifier,
    maxSockets: deps.config.MAX_SOCKETS,
    draining,
  })
  const sockets = serveSockets(app, deps, {
    ...parts,
    janus,
    draining,
    verifier: auth.verifier,
    onDeadNode: (url) => upstreams.abandon(url),
  })
  const { config, log, instanceId } = deps
  /** Sends everybody away who has another gateway to go to. */
  const sendAway = (): Promise<unknown> => {
    const deadlineMs = config.DRAIN_MS
    const elsewhere = directory.instances('gateway').some(({ id }) => id !== instanceId)
    streams.endAll(elsewhere ? spreadMs(deadlineMs) : 0)
    return Promise.all([sockets.drain({ deadlineMs, elsewhere }), janus.drain(elsewhere ? spreadMs(deadlineMs) : 0)])
  }
  return {
    async start() {
      upstreams.start()
      await Promise.all([directory.start(), auth.start()])
      sockets.start()
      janus.start()
      return startHttp(app, { host: config.HOST, port: config.PORT })
    },
    leave: () => void (app.draining = true),
    drain() {
      app.draining = drained = true
      sendAway().catch((err: unknown) => log.error({ err }, 'a drain did not end well'))
    },
    undrain() {
      app.draining = drained = false
      sockets.undrain()
      streams.reopen()
    },
    load: () => ({ sessions: sockets.count(), streams: streams.count() }),
    async stop() {
      await Promise.all([drainHttp(app, { deadlineMs: config.DRAIN_MS, log }), sendAway()])
      janus.stop()
      await sockets.stop()
      parts.fairRate.stop()
      await upstreams.stop()
      auth.stop()
      directory.stop()
    },
    readiness,
  }
}

/** The parts that the HTTP and the WebSocket side share. */
function createParts({ config, log, clock, bus, kv, metrics }: Deps<GatewayConfig, never>) {
  const directory = createDirectory(kv, [...services, 'gateway'], { log })
  const streams = createStreams({
    total: config.MAX_STREAMS,
    perPrincipal: config.MAX_STREAMS_PER_PRINCIPAL,
    shared: config.RATE_LIMITS === 'on',
  })
  const transfers = createStreams({
    total: config.MAX_TRANSFERS,
    perPrincipal: config.MAX_TRANSFERS_PER_PRINCIPAL,
    shared: config.RATE_LIMITS === 'on',
    what: 'uploads and downloads',
  })
  metrics.reading('parley_gateway_transfers', 'Uploads and downloads under way', () => transfers.count())
  metrics.reading('parley_gateway_streams', 'Event streams that are open', () => streams.count())
  const trust = createLoggedTrust(config.TRUST_PROXY, log)
  const origins = createOrigins({
    publicUrl: config.PUBLIC_URL,
    allowedOrigins: config.ALLOWED_ORIGINS,
    crossSiteOrigins: config.CROSS_SITE_ORIGINS,
    production: config.NODE_ENV === 'production',
    trustsPeer: trust.trustsPeer,
    log,
  })
  const clientFactsOf = (request: IncomingMessage, requestId = requestIdOf(request)): ClientFacts => ({
    address: trust.addressOf(request),
    ...origins.publicOf(request),
    origin: origins.evaluate(request),
    requestId,
  })
  return {
    directory,
    streams,
    transfers,
    trust,
    origins,
    clientFactsOf,
    auth: createEdgeAuth({ bus, log, clock }),
    upstreams: createUpstreams(directory, services, { timeoutMs: config.UPSTREAM_TIMEOUT_MS }),
    limits: createLimits(config, { kv, clock, metrics }),
    fairRate: createFairRate(config, { now: () => clock.monotonic(), metrics }),
  }
}
