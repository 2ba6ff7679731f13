import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  checkShapeOrThrow,
  isProblem,
  limitKey,
  ProblemError,
  type Instance,
  type Logger,
  type TokenVerifier,
} from '@parley/kit'
import { requestHeaders, type ClientFacts } from '../edge/forwarded-headers.ts'
import type { Limits } from '../edge/limits.ts'
import type { Origins } from '../edge/origins.ts'
import { dialNode, type Dialled } from './dial.ts'
import { checkHandshakeOrThrow, readHandshakeOrThrow, type Handshake } from './handshake.ts'
import type { Nodes } from './nodes.ts'
import { provenAfterMs, type PipeBudget } from './pipe-budget.ts'
import { Pipe } from './pipe.ts'
import type { Pipes } from './pipes.ts'
import { agree, passRefusal, refuse } from './refuse.ts'
import { createTurns, type Turns } from './turns.ts'

export interface UpgradeOptions {
  origins: Origins
  limits: Limits
  verifier: TokenVerifier
  budget: PipeBudget
  nodes: Nodes
  pipes: Pick<Pipes, 'add'>
  factsOf(request: IncomingMessage): ClientFacts
  draining(): boolean
  log: Logger
  /** Counts what became of a handshake: `open`, `refused` by a node, or the code of the problem. */
  onOutcome(outcome: string): void
}

const connectMs = 1_000
/** A node answers a handshake from memory; a frozen one takes the connection and says nothing. */
const answerMs = 2_000
/** How long a handshake may wait for its turn with a node. */
const turnMs = 10_000
const maxNodesTried = 3
/** Handshakes with one node at a time: after an outage everybody comes at once, and its backlog is short. */
const maxDials = 64
/** How much later than it should a busy node may close a socket that never authenticated. */
const nodeLateMs = 3_000

/**
 * Handles an `upgrade` event: checks in the order shape, handshake, origin, limits, token; only then a node is dialled,
 * and once it has agreed the two sockets are joined as they are (back-pressure and close codes come through).
 */
export function createUpgrade(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { factsOf, log, onOutcome } = options
  const turns = createTurns(maxDials)
  return (request, socket, head) => {
    const facts = factsOf(request)
    // Until the sockets are joined a client that vanishes is of no interest to anybody.
    socket.on('error', (error) => log.debug({ err: error, requestId: facts.requestId }, 'client socket failed'))
    handle({ request, socket, head, facts }, { ...options, turns }).catch((error: unknown) => {
      if (!isProblem(error)) log.error({ err: error, requestId: facts.requestId }, 'upgrade failed')
      const problem = isProblem(error) ? error : new ProblemError('internal')
      onOutcome(problem.code)
      if (!socket.destroyed) refuse(socket, problem, facts.requestId)
    })
  }
}

interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  facts: ClientFacts
}

type Handling = UpgradeOptions & { turns: Turns }

async function handle(upgrade: Upgrade, options: Handling): Promise<void> {
  const handshake = await admit(upgrade, options)
  const giveBack = options.budget.takeOrThrow(limitKey(upgrade.facts.address), handshake.token !== null)
  try {
    const pipe = await openPipe(upgrade, handshake, options)
    // Not awaited: the handshake, its headers and its token would stay in memory for as long as the pipe lasts.
    if (pipe === null) giveBack()
    else void pipe.ended.then(giveBack)
  } catch (error) {
    giveBack()
    throw error
  }
}

/** The two sockets, joined; null when the node refused. */
async function openPipe(upgrade: Upgrade, handshake: Handshake, options: Handling): Promise<Pipe | null> {
  const { socket, head, facts } = upgrade
  const dialled = await open(upgrade, handshake, options)
  if (dialled.kind === 'refused') {
    options.onOutcome('refused')
    await passRefusal(socket, dialled.answer, facts.requestId)
    return null
  }
  options.onOutcome('open')
  agree(socket, dialled.answer, facts.requestId)
  const strangerUntil = handshake.token === null ? Date.now() + provenAfterMs + nodeLateMs : 0
  const pipe = new Pipe({ client: socket, upstream: dialled.socket, node: dialled.node, strangerUntil })
  pipe.begin(head, dialled.head)
  options.pipes.add(pipe)
  return pipe
}

/** The checks; nothing behind the gateway is touched by them. */
async function admit({ request, facts }: Upgrade, options: UpgradeOptions): Promise<Handshake> {
  if (options.draining()) throw new ProblemError('unavailable', 'This gateway is going away')
  checkShapeOrThrow(request)
  checkHandshakeOrThrow(request)
  if (!options.origins.mayOpenSocket(request)) throw new ProblemError('origin-not-allowed')
  await options.limits.upgrade(facts.address)
  const handshake = readHandshakeOrThrow(request)
  if (handshake.token !== null) await options.verifier.verify(handshake.token)
  return handshake
}

type Answered = Dialled & { node: Instance }

/** Dials the nodes in their order until one agrees, or refuses for a reason that any other would have too. */
async function open(
  { request, socket, facts }: Upgrade,
  { meeting }: Handshake,
  { nodes, turns, log }: Handling,
): Promise<Answered> {
  const gone = new AbortController()
  const onGone = (): void => gone.abort()
  socket.once('close', onGone)
  const dialling = { path: request.url ?? '/', headers: headersOf(request, facts), connectMs, answerMs }
  try {
    for (const node of nodes.inOrder(meeting).slice(0, maxNodesTried)) {
      const knownToFail = nodes.failedLately(node)
      const giveBack = await turns
        .take(node.id, AbortSignal.any([gone.signal, AbortSignal.timeout(turnMs)]))
        .catch(busy)
      try {
        // Somebody before us found out that it is not worth asking.
        if (!knownToFail && nodes.failedLately(node)) continue
        const dialled = await dialNode(node, { ...dialling, signal: gone.signal }, nodes)
        if (dialled.answer.statusCode !== 503) return { ...dialled, node }
        // Going away, or full.
        dialled.answer.destroy()
      } catch (error) {
        if (socket.destroyed) break
        nodes.failed(node)
        log.warn({ err: error, node: node.id, requestId: facts.requestId }, 'signaling node cannot be reached')
      } finally {
        giveBack()
      }
    }
  } finally {
    socket.off('close', onGone)
  }
  throw new ProblemError('unavailable', 'No signaling node can be reached')
}

function busy(cause: unknown): never {
  throw new ProblemError('unavailable', 'The signaling node is busy; try again in a moment', {}, { cause })
}

const headersOf = ({ rawHeaders }: IncomingMessage, facts: ClientFacts): string[] => [
  ...requestHeaders(withoutExtensions(rawHeaders), facts),
  'connection',
  'Upgrade',
  'upgrade',
  'websocket',
]

/** No extension is offered, compression least of all: it costs memory per socket and buys little for small messages. */
const withoutExtensions = (raw: readonly string[]): string[] =>
  raw.filter((_value, index) => raw[index - (index % 2)]?.toLowerCase() !== 'sec-websocket-extensions')
