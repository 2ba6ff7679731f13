import { randomInt } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { subprotocol, wire } from '@parley/contracts'
import { createKeyedSemaphores, ProblemError, WriteBatch, type Deps, type Instance } from '@parley/kit'
import { WebSocketServer } from 'ws'
import type { GatewayConfig } from '../../config.ts'
import type { Nodes } from '../nodes.ts'
import type { Farewells } from '../farewells.ts'
import { ClientSession, type Outcome } from './client-session.ts'
import { createLinks } from './links.ts'
import type { NodeLink } from './node-link.ts'

export interface SessionsOptions extends Pick<Deps<GatewayConfig, never>, 'kv' | 'log' | 'metrics'> {
  nodes: Nodes
  farewells: Pick<Farewells, 'add'>
  listed(): readonly Instance[]
  onDeadNode(url: string): void
}

interface Opening {
  requestId: string
  accessToken: string | null
  meeting: string | null
  strangerUntil: number
}

export interface Sessions {
  /** A client with no node yet. It is to be attached and opened, or to be told that it is `gone`. */
  create(opening: Opening): ClientSession
  /**
   * Asks a node to take a client. False: another one has to be tried.
   * @throws ProblemError of the node, for which any other would refuse too
   */
  attach(session: ClientSession, node: Instance): Promise<boolean>
  /** Agrees to the handshake of a client that was attached. */
  open(
    session: ClientSession,
    handshake: { request: IncomingMessage; socket: Duplex; head: Buffer; requestId: string },
  ): void
  start(): void
  stop(): void
}

const socketOptions = {
  noServer: true,
  clientTracking: false,
  maxPayload: wire.maxFrameBytes,
  maxFragments: wire.maxFragments,
  perMessageDeflate: false,
  /** `WsPeerSocket` answers pings, and counts them. */
  autoPong: false,
  /** How long a peer may take to answer a close frame, ms. */
  closeTimeout: 2_000,
  handleProtocols: () => subprotocol,
}
const checkEveryMs = 500
/** How long a client's socket stays open without a node; within the time in which nobody sees it leave, and it hears nothing itself. */
const withoutNodeMs = 15_000
/** Sessions that are carried on by one node at a time. */
const moving = { running: 64, waiting: 100_000, full: 'Too many sessions are being moved' }

/** The clients whose sockets this gateway holds, and the links to their nodes. */
export function createSessions({ kv, log, metrics, nodes, farewells, listed, onDeadNode }: SessionsOptions): Sessions {
  const all = new Set<ClientSession>()
  const relocating = new Set<ClientSession>()
  const atOnce = new WriteBatch()
  const server = new WebSocketServer(socketOptions)
  const semaphores = createKeyedSemaphores(moving)
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const moves = metrics.counter('parley_gateway_sessions_moved_total', 'Sessions that another node carries on', ['why'])
  metrics.reading('parley_gateway_links', 'Signaling nodes with a link', () => links.count())

  const links = createLinks({
    kv,
    log,
    listed,
    onDead(node, why) {
      if (stopped) return
      nodes.failed(node)
      onDeadNode(node.url)
      log.warn({ node: node.id, why }, 'a signaling node is gone; its clients go on elsewhere')
    },
    onDraining(link) {
      for (const session of link.sessions()) void relocate(session as ClientSession, link)
    },
  })

  /** Finds a session another node; `from` is the one that goes away but still works. Never rejects. */
  async function relocate(session: ClientSession, from?: NodeLink): Promise<void> {
    if (relocating.has(session) || stopped) return
    relocating.add(session)
    try {
      let until = performance.now() + withoutNodeMs
      let leaving = from
      while (!session.over && !stopped) {
        // An attempt to move it has failed.
        if (leaving && !session.isAt(leaving)) leaving = undefined
        // It stays where it is: an operator put the node back.
        if (leaving?.draining === false) return
        const outcome = await tryNodes(session, leaving)
        if (outcome === 'attached') return moves.inc({ why: from ? 'drained' : 'lost' })
        if (outcome !== 'lost' && !outcome.retryable) break
        // A node that drains has it still.
        if (leaving && session.isAt(leaving)) until = performance.now() + withoutNodeMs
        if (performance.now() > until) break
        await sleep(randomInt(50, 250))
      }
      // It may be over because its node has closed it, with the reason.
      if (!session.over) session.close('serverGoingAway')
    } catch (err) {
      log.error({ err }, 'a session could not be moved')
      session.close('serverGoingAway')
    } finally {
      relocating.delete(session)
    }
  }
  async function tryNodes(session: ClientSession, leaving: NodeLink | undefined): Promise<Outcome> {
    for (const node of nodes.inOrder(session.meeting)) {
      const link = await links.to(node)
      if (link === null || link === leaving || session.over) continue
      const outcome = await semaphores(node.id, async () => {
        if (leaving) await session.settle()
        return session.over ? ('lost' as const) : await session.attachTo(link)
      })
      if (outcome === 'attached' || (outcome !== 'lost' && !outcome.retryable)) return outcome
    }
    return 'lost'
  }
  return {
    create: (opening) => new ClientSession({ ...opening, onLost: (lost) => void relocate(lost) }),
    async attach(session, node) {
      const link = await links.to(node)
      if (link === null || session.over) return false
      const outcome = await session.attachTo(link)
      if (outcome === 'attached' || outcome === 'lost') return outcome === 'attached'
      if (outcome.status === 503) return false
      throw new ProblemError(outcome.code as ProblemError['code'], outcome.detail, outcome)
    },
    open(session, { request, socket, head, requestId }) {
      let opened = false
      const addId = (lines: string[]): void => void lines.push(`x-request-id: ${requestId}`)
      server.once('headers', addId)
      server.handleUpgrade(request, socket, head, (ws) => {
        opened = true
        all.add(session)
        void session.ended.then(() => all.delete(session))
        session.open(ws, socket, atOnce)
        farewells.add(session)
      })
      if (opened) return
      // The client has closed its half meanwhile, and ws has destroyed the socket.
      server.off('headers', addId)
      session.gone()
    },
    start() {
      links.start()
      timer = setInterval(() => {
        const now = performance.now()
        for (const session of all) session.check(now)
      }, checkEveryMs)
    },
    stop() {
      stopped = true
      clearInterval(timer)
      links.stop()
    },
  }
}
