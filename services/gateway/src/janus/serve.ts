import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { mediaBus, type JanusPlace } from '@parley/contracts'
import {
  request,
  asProblem,
  checkShapeOrThrow,
  ProblemError,
  type Bus,
  type Kv,
  type Logger,
  type Metrics,
  type TokenVerifier,
} from '@parley/kit'
import { WebSocket, WebSocketServer } from 'ws'
import type { ClientFacts } from '../edge/forwarded-headers.ts'
import type { FairRate } from '../edge/fair-rate.ts'
import type { Limits } from '../edge/limits.ts'
import type { Origins } from '../edge/origins.ts'
import { checkHandshakeOrThrow } from '../ws/handshake.ts'
import { refuse } from '../ws/refuse.ts'
import { janusSubprotocol, readJanusHandshakeOrThrow } from './handshake.ts'
import { JanusPipe } from './janus-pipe.ts'
import { createPublishing, type Publishing } from './publishing.ts'
import { createJanusPipes, type Arrival, type JanusPipes } from './janus-pipes.ts'

export interface JanusSocketOptions {
  bus: Bus
  kv: Kv
  log: Logger
  metrics: Metrics
  origins: Origins
  limits: Limits
  fairRate: Pick<FairRate, 'takeOrThrow'>
  verifier: TokenVerifier
  maxSockets: number
  clientFactsOf(request: IncomingMessage): ClientFacts
  draining(): boolean
}

export interface JanusSockets extends Pick<JanusPipes, 'start' | 'drain' | 'stop'> {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** An answer to the offer of fifty publishers' media is about 200 KB. */
const maxMessageBytes = 512 * 1_024
const dialMs = 2_000

interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
}

/**
 * Takes WebSockets to Janus. In this order: shape, handshake, origin, limits, token, whether this person may be in that room now; only
 * then Janus is dialled, and once it has agreed the client is.
 */
export function serveJanus(options: JanusSocketOptions): JanusSockets {
  const { bus, log, metrics, maxSockets, clientFactsOf } = options
  const publishing = createPublishing(options)
  const pipes = createJanusPipes({ bus, log, total: maxSockets })
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: () => janusSubprotocol,
  })
  const outcomes = metrics.counter(
    'parley_gateway_janus_upgrades_total',
    'Handshakes for Janus by what became of them',
    ['outcome'],
  )
  metrics.reading('parley_gateway_janus_sockets', 'WebSockets with a Janus, or on the way to one', () => pipes.count())
  return {
    start: () => pipes.start(),
    drain: (overMs) => pipes.drain(overMs),
    stop: () => pipes.stop(),
    upgrade(request, socket, head) {
      const { requestId } = clientFactsOf(request)
      const onError = (err: Error): void => log.debug({ err, requestId }, 'client socket failed')
      socket.on('error', onError)
      open({ request, socket, head }, { ...options, pipes, server, publishing }).then(
        () => outcomes.inc({ outcome: 'open' }),
        (err: unknown) => {
          const problem = asProblem(err) ?? new ProblemError('internal')
          if (problem.code === 'internal') log.error({ err, requestId }, 'upgrade failed')
          outcomes.inc({ outcome: problem.code })
          if (!socket.destroyed) refuse(socket, problem, requestId)
        },
      )
    },
  }
}

type Opening = JanusSocketOptions & { pipes: JanusPipes; server: WebSocketServer; publishing: Publishing }

async function open(upgrade: Upgrade, options: Opening): Promise<void> {
  const place = await admit(upgrade.request, options)
  const arrival = await options.pipes.expect(place)
  try {
    await join(upgrade, { place, arrival }, options)
  } catch (error) {
    arrival.giveUp()
    throw error
  }
}

/** The checks at the edge. */
async function admit(request: IncomingMessage, options: JanusSocketOptions): Promise<JanusPlace> {
  if (options.draining()) throw new ProblemError('unavailable', 'This gateway is going away')
  checkShapeOrThrow(request)
  checkHandshakeOrThrow(request)
  options.origins.checkOrThrow(request)
  const { address } = options.clientFactsOf(request)
  options.fairRate.takeOrThrow(address)
  await options.limits.upgrade(address)
  const { token, ...where } = readJanusHandshakeOrThrow(request)
  const principal = await options.verifier.verify(token)
  await options.limits.principal(principal)
  return { ...where, userId: principal.userId }
}

async function join(
  { request: upgrade, socket, head }: Upgrade,
  { place, arrival }: { place: JanusPlace; arrival: Arrival },
  { bus, log, server, publishing }: Opening,
): Promise<void> {
  const { url, room } = await request(bus, mediaBus.janusAccess, place)
  const freeFeed = async (mine: JanusPlace): Promise<void> => void (await request(bus, mediaBus.freeFeed, mine))
  const janus = await dial(url)
  if (socket.destroyed) {
    janus.terminate()
    throw new ProblemError('unavailable', 'The client has gone')
  }
  server.handleUpgrade(upgrade, socket, head, (client) => {
    const pipe = new JanusPipe({ client, janus, place, room, log, freeFeed, publishing })
    if (!arrival.open(pipe)) void pipe.end('removed').then(() => arrival.giveUp())
  })
}

/** @throws ProblemError `sfu-unavailable` */
const dial = (url: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const janus = new WebSocket(url, janusSubprotocol, { handshakeTimeout: dialMs, perMessageDeflate: false })
    janus.once('open', () => {
      janus.removeAllListeners('error')
      resolve(janus)
    })
    janus.once('error', (cause) =>
      reject(new ProblemError('sfu-unavailable', 'The media server does not answer', {}, { cause })),
    )
  })
