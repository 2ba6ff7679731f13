import type { ServerResponse } from 'node:http'
import websocket from '@fastify/websocket'
import { bearerPrefix, link, signalingOperations, subprotocol, wire, type Principal } from '@parley/contracts'
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
import type { WebSocket } from 'ws'
import type { Connections } from './connections.ts'
import type { EventStreams } from './events/event-streams.ts'
import type { IceServers } from './ice/ice-servers.ts'
import type { Links } from './link/links.ts'

export interface ServerDeps {
  log: Logger
  metrics: Metrics
  auth: EdgeAuth
  connections: Connections
  links: Pick<Links, 'serve'>
  events: EventStreams
  maxSockets: number
  ice: IceServers
  health: HealthOptions
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The principal of the subprotocol's bearer token; null without one. */
    bearer: Principal | null
    /** The response that the upgrade came with; it would keep the request, its headers and its token with the socket. */
    response: ServerResponse | null
  }
}

const socketOptions = {
  maxPayload: wire.maxFrameBytes,
  maxFragments: wire.maxFragments,
  perMessageDeflate: false,
  /** `WsPeerSocket` answers pings, and counts them. */
  autoPong: false,
  /** How long a peer may take to answer a close frame, ms. */
  closeTimeout: 2_000,
  handleProtocols: (offered: Set<string>) =>
    [subprotocol, link.subprotocol].find((protocol) => offered.has(protocol)) ?? false,
}

/** The HTTP server with the one WebSocket route; a bad bearer token is refused before the upgrade. */
export async function createServer({
  log,
  metrics,
  auth,
  connections,
  links,
  events,
  maxSockets,
  ice,
  health,
}: ServerDeps): Promise<HttpServer> {
  const app = createHttpServer({ log, metrics })
  // A frame that breaks the protocol: ws closes with the code that says so, and needs its time to be read.
  const socketFailed = (socket: WebSocket, error: Error): void => {
    log.debug({ err: error }, 'socket failed')
    if (socket.readyState === socket.OPEN) socket.terminate()
  }
  await app.register(websocket, {
    options: socketOptions,
    // Our own drain says goodbye to sockets; the plugin's would close them without a code.
    preClose: (done) => done(),
    errorHandler: (error, socket) => socketFailed(socket, error),
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
  app.decorateRequest('bearer', null)
  app.decorateRequest('response', null)
  app.route({
    method: 'GET',
    url: '/v1/ws',
    preValidation: async (request, reply) => {
      request.response = reply.raw
      if (app.draining || connections.size >= maxSockets)
        throw new ProblemError('unavailable', 'This node takes no new sockets')
      const offered = offeredProtocols(request)
      if (!offered.includes(subprotocol))
        throw new ProblemError('invalid-input', `Offer the subprotocol ${subprotocol}`)
      const token = offered.find((protocol) => protocol.startsWith(bearerPrefix))?.slice(bearerPrefix.length)
      request.bearer = token === undefined ? null : await auth.verifier.verify(token)
      if (request.bearer !== null) connections.checkShareOrThrow(request.bearer)
    },
    handler: () => Promise.reject(new ProblemError('invalid-input', 'Open it as a WebSocket')),
    wsHandler(socket, request) {
      const tcp = request.raw.socket
      request.response?.detachSocket(tcp)
      request.span?.end()
      // The plugin's listener holds on to the request too.
      socket.removeAllListeners('error').on('error', (error) => socketFailed(socket, error))
      connections.open(socket, tcp, request.bearer, request.id)
    },
  })
  return app
}

const offeredProtocols = (request: FastifyRequest): string[] =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
