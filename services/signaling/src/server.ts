import websocket from '@fastify/websocket'
import { link, signalingOperations } from '@parley/contracts'
import {
  createHttpServer,
  serveHealth,
  serveOperations,
  type EdgeAuth,
  type HealthOptions,
  type HttpServer,
  type Logger,
  type Metrics,
} from '@parley/kit'
import type { EventStreams } from './events/event-streams.ts'
import type { IceServers } from './ice/ice-servers.ts'
import type { Links } from './link/links.ts'

export interface ServerDeps {
  log: Logger
  metrics: Metrics
  auth: EdgeAuth
  links: Pick<Links, 'serve'>
  events: EventStreams
  ice: IceServers
  health: HealthOptions
}

const socketOptions = {
  maxPayload: link.maxMessageBytes.toNode,
  perMessageDeflate: false,
  handleProtocols: (offered: Set<string>) => offered.has(link.subprotocol) && link.subprotocol,
}

/** The HTTP server, with the one WebSocket route: that of the links. */
export async function createServer({
  log,
  metrics,
  auth,
  links,
  events,
  ice,
  health,
}: ServerDeps): Promise<HttpServer> {
  const app = createHttpServer({ log, metrics })
  await app.register(websocket, {
    options: socketOptions,
    // Links are ended by their own drain; the plugin would close them without a code.
    preClose: (done) => done(),
    errorHandler: (err, socket) => {
      log.debug({ err }, 'a link failed')
      socket.terminate()
    },
  })
  serveHealth(app, health)
  serveOperations(
    app,
    signalingOperations,
    {
      iceServers: async ({ principal }) => ({
        status: 200 as const,
        body: { iceServers: await ice.forCaller(principal.userId) },
      }),
    },
    auth,
  )
  events.serve(app)
  links.serve(app)
  return app
}
