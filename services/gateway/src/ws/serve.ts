import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Deps, Directory, HttpServer } from '@parley/kit'
import type { GatewayConfig } from '../config.ts'
import { isForJanus } from '../janus/handshake.ts'
import type { JanusSockets } from '../janus/serve.ts'
import { pathOf, socketPath } from './handshake.ts'
import { createNodes } from './nodes.ts'
import { createFarewells, type DrainOptions } from './farewells.ts'
import { createRefusals } from './refusals.ts'
import { createSessions } from './link/sessions.ts'
import { createSocketBudget, type SocketBudget } from './socket-budget.ts'
import { createUpgrade, type UpgradeOptions } from './upgrade.ts'

export interface SocketOptions extends Pick<
  UpgradeOptions,
  'origins' | 'limits' | 'fairRate' | 'verifier' | 'clientFactsOf' | 'draining'
> {
  directory: Directory
  /** Told of a node that is frozen: what else is under way to it will not end either. */
  onDeadNode(url: string): void
  /** Takes those for Janus. */
  janus: Pick<JanusSockets, 'upgrade'>
}

export interface Sockets {
  start(): void
  /** Moves the sockets away; see `Farewells.drain`. */
  drain(options: DrainOptions): Promise<void>
  undrain(): void
  /** WebSockets that are open, or on the way. */
  count(): number
  stop(): Promise<void>
}

/**
 * Takes the upgrades of the server to `/v1/ws` and to Janus; anywhere else an Upgrade header is ignored, as RFC 9110 (7.8) allows.
 */
export function serveSockets(
  app: HttpServer,
  deps: Pick<Deps<GatewayConfig, never>, 'config' | 'kv' | 'bus' | 'clock' | 'log' | 'metrics' | 'instanceId'>,
  { directory, janus, onDeadNode, ...options }: SocketOptions,
): Sockets {
  const { config, kv, log, metrics } = deps
  const budget = budgetOf(config)
  const refusals = createRefusals({ ...deps, verifier: options.verifier })
  const listed = () => directory.instances('signaling')
  const nodes = createNodes(listed)
  const farewells = createFarewells()
  const sessions = createSessions({ kv, log, metrics, nodes, listed, farewells, onDeadNode })
  const outcomes = metrics.counter('parley_gateway_upgrades_total', 'Handshakes by what became of them', ['outcome'])
  metrics.reading('parley_gateway_sockets', 'WebSockets with a node, or on the way to one', () => budget.count())
  metrics.reading('parley_gateway_buffered_bytes', 'Bytes held for all WebSockets', () => farewells.buffered())
  const upgrade = createUpgrade({
    ...options,
    budget,
    sessions,
    log,
    nodes,
    refusals,
    onOutcome: (outcome) => outcomes.inc({ outcome }),
  })
  Object.assign(app.server, {
    shouldUpgradeCallback: (request: IncomingMessage) => pathOf(request) === socketPath || isForJanus(request),
  })
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    isForJanus(request) ? janus.upgrade(request, socket, head) : upgrade(request, socket, head),
  )
  return {
    start() {
      sessions.start()
      refusals.start()
    },
    drain: (drain) => farewells.drain(drain),
    undrain: () => farewells.undrain(),
    count: () => budget.count(),
    async stop() {
      sessions.stop()
      await refusals.stop()
    },
  }
}

function budgetOf({
  RATE_LIMITS,
  MAX_SOCKETS,
  MAX_UNAUTHENTICATED_PER_ADDRESS,
}: Pick<GatewayConfig, 'RATE_LIMITS' | 'MAX_SOCKETS' | 'MAX_UNAUTHENTICATED_PER_ADDRESS'>): SocketBudget {
  const unlimited = RATE_LIMITS === 'off'
  return createSocketBudget({
    total: MAX_SOCKETS,
    shared: !unlimited,
    unauthenticatedPerAddress: unlimited ? MAX_SOCKETS : MAX_UNAUTHENTICATED_PER_ADDRESS,
  })
}
