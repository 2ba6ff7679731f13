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
  type Logger,
  type TokenVerifier,
} from '@parley/kit'
import type { ClientFacts } from '../edge/forwarded-headers.ts'
import type { FairRate } from '../edge/fair-rate.ts'
import type { Limits } from '../edge/limits.ts'
import type { Origins } from '../edge/origins.ts'
import { maxHeaderBytes } from '../edge/request-shape.ts'
import type { Leaver } from './farewells.ts'
import { checkHandshakeOrThrow, pathOf, readHandshakeOrThrow, socketPath, type Handshake } from './handshake.ts'
import type { ClientSession } from './link/client-session.ts'
import type { Sessions } from './link/sessions.ts'
import type { Nodes } from './nodes.ts'
import type { Refusals } from './refusals.ts'
import { refuse } from './refuse.ts'
import { provenAfterMs, type SocketBudget } from './socket-budget.ts'

export interface UpgradeOptions {
  origins: Origins
  limits: Limits
  fairRate: Pick<FairRate, 'takeOrThrow'>
  verifier: TokenVerifier
  budget: SocketBudget
  nodes: Pick<Nodes, 'inOrder'>
  sessions: Pick<Sessions, 'create' | 'attach' | 'open'>
  clientFactsOf(request: IncomingMessage): ClientFacts
  draining(): boolean
  log: Logger
  /** Counts what became of a handshake: `open`, or the code of the problem. */
  onOutcome(outcome: string): void
  /** Tells operators of a handshake that was refused. */
  refusals: Refusals
}

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
 * Handles an `upgrade` event: checks in the order shape, handshake, origin, limits, token; only then a node is asked to take the
 * client, and once it has the handshake is agreed to.
 */
export function createUpgrade(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { clientFactsOf, log, onOutcome, refusals } = options
  const semaphores = createKeyedSemaphores(dialling)
  return (request, socket, head) => {
    const facts = clientFactsOf(request)
    // Until a node has taken it a client that vanishes is of no interest to anybody.
    socket.on('error', (error) => log.debug({ err: error, requestId: facts.requestId }, 'client socket failed'))
    const attributes = { 'parley.request_id': facts.requestId }
    void traced({ name: 'WebSocket handshake', kind: 'server', attributes }, request.headers, () =>
      handle({ request, socket, head, facts }, { ...options, semaphores }).catch((error: unknown) => {
        if (!isProblem(error)) log.error({ err: error, requestId: facts.requestId }, 'upgrade failed')
        const problem = isProblem(error) ? error : new ProblemError('internal')
        onOutcome(problem.code)
        if (!socket.destroyed) refuse(socket, problem, facts.requestId)
        refusals.tell(request, { requestId: facts.requestId, outcome: problem.code })
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
    void client.ended.then(giveBack)
  } catch (error) {
    giveBack()
    throw error
  }
}

/** The client, with a node. @throws ProblemError `unavailable`, or what a node refuses with */
async function open(upgrade: Upgrade, { token, meeting }: Handshake, options: Handling): Promise<Leaver> {
  const { request, socket, head, facts } = upgrade
  const { sessions, onOutcome } = options
  const strangerUntil = token === null ? performance.now() + provenAfterMs + nodeLateMs : 0
  const session = sessions.create({ accessToken: token, meeting, strangerUntil, requestId: facts.requestId })
  const gone = new AbortController()
  const onGone = (): void => gone.abort(new ProblemError('unavailable', 'The client has gone'))
  socket.once('close', onGone)
  gone.signal.addEventListener('abort', () => session.gone())
  try {
    await attach(session, { ...options, signal: gone.signal })
  } catch (error) {
    session.gone()
    throw error
  } finally {
    socket.off('close', onGone)
  }
  onOutcome('open')
  sessions.open(session, { request, socket, head, requestId: facts.requestId })
  return session
}

/** Asks the nodes in their order until one takes the session. @throws ProblemError as `open` */
async function attach(
  session: ClientSession,
  { nodes, semaphores, sessions, signal }: Handling & { signal: AbortSignal },
): Promise<void> {
  for (const node of nodes.inOrder(session.meeting).slice(0, maxNodesTried)) {
    if (await semaphores(node.id, () => sessions.attach(session, node), signal)) return
    signal.throwIfAborted()
  }
  throw new ProblemError('unavailable', 'No signaling node can be reached')
}

/** The checks; nothing behind the gateway is touched by them. */
async function admit({ request, facts }: Upgrade, options: UpgradeOptions): Promise<Handshake> {
  if (options.draining()) throw new ProblemError('unavailable', 'This gateway is going away')
  checkHeaderSizeOrThrow(request, maxHeaderBytes)
  checkShapeOrThrow(request)
  if (pathOf(request) !== socketPath) throw new ProblemError('not-found')
  checkHandshakeOrThrow(request)
  options.origins.checkOrThrow(request)
  options.fairRate.takeOrThrow(facts.address)
  await options.limits.upgrade(facts.address)
  const handshake = readHandshakeOrThrow(request)
  if (handshake.token !== null) await options.verifier.verify(handshake.token)
  return handshake
}
