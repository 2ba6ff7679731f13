import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  checkHeaderSizeOrThrow,
  checkShapeOrThrow,
  createKeyedSemaphores,
  isProblem,
  limitKey,
  ProblemError,
  traced,
  type Instance,
  type Logger,
  type TokenVerifier,
} from '@parley/kit'
import { requestHeaders, type ClientFacts } from '../edge/forwarded-headers.ts'
import type { Limits } from '../edge/limits.ts'
import type { Origins } from '../edge/origins.ts'
import { maxHeaderBytes } from '../edge/request-shape.ts'
import { dialNode, type Dialled } from './dial.ts'
import type { Farewells, Leaver } from './farewells.ts'
import { checkHandshakeOrThrow, pathOf, readHandshakeOrThrow, socketPath, type Handshake } from './handshake.ts'
import type { ClientSession } from './link/client-session.ts'
import type { Sessions } from './link/sessions.ts'
import type { Nodes } from './nodes.ts'
import { provenAfterMs, type PipeBudget } from './pipe-budget.ts'
import { Pipe } from './pipe.ts'
import type { Pipes } from './pipes.ts'
import { agree, passRefusal, refuse } from './refuse.ts'

export interface UpgradeOptions {
  origins: Origins
  limits: Limits
  verifier: TokenVerifier
  budget: PipeBudget
  nodes: Nodes
  pipes: Pick<Pipes, 'add'>
  sessions: Pick<Sessions, 'attach' | 'open'>
  farewells: Pick<Farewells, 'add'>
  clientFactsOf(request: IncomingMessage): ClientFacts
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
const dialling = {
  running: 64,
  waiting: 20_000,
  waitMs: turnMs,
  full: 'The signaling node is busy; try again in a moment',
}
/** How much later than it should a busy node may close a socket that never authenticated. */
const nodeLateMs = 3_000

/**
 * Handles an `upgrade` event: checks in the order shape, handshake, origin, limits, token; only then a node is dialled. Once it has agreed,
 * the two sockets are joined as they are: back-pressure and close codes come through.
 */
export function createUpgrade(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { clientFactsOf, log, onOutcome } = options
  const semaphores = createKeyedSemaphores(dialling)
  return (request, socket, head) => {
    const facts = clientFactsOf(request)
    // Until the sockets are joined a client that vanishes is of no interest to anybody.
    socket.on('error', (error) => log.debug({ err: error, requestId: facts.requestId }, 'client socket failed'))
    const attributes = { 'parley.request_id': facts.requestId }
    void traced({ name: 'WebSocket handshake', kind: 'server', attributes }, request.headers, () =>
      handle({ request, socket, head, facts }, { ...options, semaphores }).catch((error: unknown) => {
        if (!isProblem(error)) log.error({ err: error, requestId: facts.requestId }, 'upgrade failed')
        const problem = isProblem(error) ? error : new ProblemError('internal')
        onOutcome(problem.code)
        log.info({ requestId: facts.requestId, outcome: problem.code }, 'handshake refused')
        if (!socket.destroyed) refuse(socket, problem, facts.requestId)
      }),
    )
  }
}

interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  facts: ClientFacts
}

type Handling = UpgradeOptions & { semaphores: ReturnType<typeof createKeyedSemaphores> }

async function handle(upgrade: Upgrade, options: Handling): Promise<void> {
  const handshake = await admit(upgrade, options)
  const giveBack = options.budget.takeOrThrow(limitKey(upgrade.facts.address), handshake.token !== null)
  try {
    const client = await open(upgrade, handshake, options)
    // Not awaited: the handshake and its headers would stay in memory for as long as the client is there.
    if (client === null) giveBack()
    else void client.ended.then(giveBack)
  } catch (error) {
    giveBack()
    throw error
  }
}

/** The client, with a node; null when the node refused. */
async function open(upgrade: Upgrade, handshake: Handshake, options: Handling): Promise<Leaver | null> {
  const { request, socket, head, facts } = upgrade
  const strangerUntil = handshake.token === null ? performance.now() + provenAfterMs + nodeLateMs : 0
  const found = await findNode(upgrade, { ...handshake, strangerUntil }, options)
  if (found.kind === 'refused') {
    options.onOutcome('refused')
    await passRefusal(socket, found.answer, facts.requestId)
    return null
  }
  options.onOutcome('open')
  if (found.kind === 'linked') {
    options.sessions.open(found.session, { request, socket, head, requestId: facts.requestId })
    return found.session
  }
  agree(socket, found.answer, facts.requestId)
  const pipe = new Pipe({ client: socket, upstream: found.socket, node: found.node, strangerUntil })
  pipe.begin(head, found.head)
  options.pipes.add(pipe)
  options.farewells.add(pipe)
  return pipe
}

/** The checks; nothing behind the gateway is touched by them. */
async function admit({ request, facts }: Upgrade, options: UpgradeOptions): Promise<Handshake> {
  if (options.draining()) throw new ProblemError('unavailable', 'This gateway is going away')
  checkHeaderSizeOrThrow(request, maxHeaderBytes)
  checkShapeOrThrow(request)
  if (pathOf(request) !== socketPath) throw new ProblemError('not-found')
  checkHandshakeOrThrow(request)
  options.origins.checkOrThrow(request)
  await options.limits.upgrade(facts.address)
  const handshake = readHandshakeOrThrow(request)
  if (handshake.token !== null) await options.verifier.verify(handshake.token)
  return handshake
}

/** A node has taken the client over its link. A node without a link has agreed to a socket of its own. */
type Answered = { kind: 'linked'; session: ClientSession } | (Dialled & { node: Instance })
type Opening = Handshake & { strangerUntil: number }

/** Asks the nodes in their order until one agrees, or refuses for a reason that any other would have too. */
async function findNode(upgrade: Upgrade, opening: Opening, options: Handling): Promise<Answered> {
  const { socket } = upgrade
  const { nodes, semaphores } = options
  const gone = new AbortController()
  const onGone = (): void => gone.abort(new ProblemError('unavailable', 'The client has gone'))
  socket.once('close', onGone)
  try {
    for (const node of nodes.inOrder(opening.meeting).slice(0, maxNodesTried)) {
      const knownToFail = nodes.failedLately(node)
      // Somebody before us may find out that it is not worth asking.
      const ask = async (): Promise<Answered | null> =>
        !knownToFail && nodes.failedLately(node)
          ? null
          : askNode({ ...upgrade, opening }, node, { ...options, signal: gone.signal })
      const answered = await semaphores(node.id, ask, gone.signal)
      if (answered !== null) return answered
      if (socket.destroyed) break
    }
  } finally {
    socket.off('close', onGone)
  }
  throw new ProblemError('unavailable', 'No signaling node can be reached')
}

/** Null when another node has to be tried: this one is going away, full, or cannot be reached. */
async function askNode(
  { request, socket, facts, opening }: Upgrade & { opening: Opening },
  node: Instance,
  { nodes, sessions, log, signal }: Handling & { signal: AbortSignal },
): Promise<Answered | null> {
  const linked = await askLinked(sessions, node, { ...opening, requestId: facts.requestId })
  if (linked === 'unavailable') return null
  if (linked !== null) {
    if (!socket.destroyed) return { kind: 'linked', session: linked }
    linked.gone()
    return null
  }
  const dial = { path: request.url ?? '/', headers: headersOf(request, facts), connectMs, answerMs, signal }
  try {
    const dialled = await dialNode(node, dial, nodes)
    if (dialled.answer.statusCode !== 503) return { ...dialled, node }
    dialled.answer.destroy()
  } catch (error) {
    if (socket.destroyed) return null
    nodes.failed(node)
    log.warn({ err: error, node: node.id, requestId: facts.requestId }, 'signaling node cannot be reached')
  }
  return null
}

/** Null: the node has no link. @throws ProblemError for which any other node would refuse too */
async function askLinked(
  sessions: Pick<Sessions, 'attach'>,
  node: Instance,
  { token, meeting, strangerUntil, requestId }: Opening & { requestId: string },
): Promise<ClientSession | 'unavailable' | null> {
  try {
    return await sessions.attach(node, { accessToken: token, meeting, strangerUntil, requestId })
  } catch (error) {
    if (isProblem(error) && error.toProblem().status === 503) return 'unavailable'
    throw error
  }
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
