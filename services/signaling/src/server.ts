import websocket from '@fastify/websocket'
import { bearerPrefix, signalingOperations, subprotocol, wire, type IceServer, type Principal } from '@parley/contracts'
import {
  createHttpServer,
  ProblemError,
  serveHealth,
  serveOperations,
  type EdgeAuth,
  type HealthOptions,
  type HttpServer,
  type Logger,
  type Metrics,
} from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import type { Connections } from './connections.ts'

export interface ServerDeps {
  log: Logger
  metrics: Metrics
  auth: EdgeAuth
  connections: Connections
  maxSockets: number
  iceServers: IceServer[]
  health: HealthOptions
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the subprotocol's bearer token names; null without one. */
    bearer: Principal | null
  }
}

/** The HTTP server with the one WebSocket route; a bad bearer token is refused before the upgrade. */
export async function createServer({
  log,
  metrics,
  auth,
  connections,
  maxSockets,
  iceServers,
  health,
}: ServerDeps): Promise<HttpServer> {
  const app = createHttpServer({ log, metrics })
  await app.register(websocket, {
    options: {
      maxPayload: wire.maxFrameBytes,
      perMessageDeflate: false,
      handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : false),
    },
    // Our own drain says goodbye to sockets; the plugin's would close them without a code.
    preClose: (done) => done(),
    errorHandler: (error, socket) => {
      log.debug({ err: error }, 'socket failed')
      socket.terminate()
    },
  })
  serveHealth(app, health)
  serveOperations(
    app,
    signalingOperations,
    { iceServers: () => ({ status: 200 as const, body: { iceServers } }) },
    auth,
  )
  app.decorateRequest('bearer', null)
  app.route({
    method: 'GET',
    url: '/v1/ws',
    preValidation: async (request) => {
      if (app.draining || connections.size >= maxSockets)
        throw new ProblemError('unavailable', 'This node takes no new sockets')
      const offered = offeredProtocols(request)
      if (!offered.includes(subprotocol))
        throw new ProblemError('invalid-input', `Offer the subprotocol ${subprotocol}`)
      const token = offered.find((protocol) => protocol.startsWith(bearerPrefix))?.slice(bearerPrefix.length)
      request.bearer = token === undefined ? null : await auth.verifier.verify(token)
    },
    handler: () => Promise.reject(new ProblemError('invalid-input', 'Open it as a WebSocket')),
    wsHandler: (socket, request) => connections.open(socket, request.raw.socket, request.bearer),
  })
  return app
}

const offeredProtocols = (request: FastifyRequest): string[] =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
