import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { isProblem, ProblemError, type Instance, type Logger, type TokenVerifier } from '@parley/kit'
import { limitKey } from '../edge/client-address.ts'
import { requestHeaders, type ClientFacts } from '../edge/forwarded-headers.ts'
import type { Limits } from '../edge/limits.ts'
import type { Origins } from '../edge/origins.ts'
import { checkShapeOrThrow } from '../edge/request-shape.ts'
import { dial, type Dialled } from './dial.ts'
import { checkHandshakeOrThrow, readHandshakeOrThrow, type Handshake } from './handshake.ts'
import type { PipeBudget } from './pipe-budget.ts'
import { join } from './pipe.ts'
import { agree, passRefusal, refuse } from './refuse.ts'
import { rank } from './rendezvous.ts'

export interface UpgradeOptions {
  origins: Origins
  limits: Limits
  verifier: TokenVerifier
  budget: PipeBudget
  nodes(): readonly Instance[]
  factsOf(request: IncomingMessage): ClientFacts
  draining(): boolean
  log: Logger
  answerMs: number
  /** Counts what became of a handshake: `open`, `refused` by a node, or the code of the problem. */
  onOutcome(outcome: string): void
}

const connectMs = 1_000
const maxNodesTried = 3

/**
 * Handles an `upgrade` event: checks in the order shape, handshake, origin, limits, token; only then a node is dialled,
 * and once it has agreed the two sockets are joined as they are (back-pressure and close codes come through).
 */
export function createUpgrade(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { factsOf, log, onOutcome } = options
  return (request, socket, head) => {
    const facts = factsOf(request)
    // Until the sockets are joined a client that vanishes is of no interest to anybody.
    socket.on('error', (error) => log.debug({ err: error, requestId: facts.requestId }, 'client socket failed'))
    handle({ request, socket, head, facts }, options).catch((error: unknown) => {
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

async function handle(upgrade: Upgrade, options: UpgradeOptions): Promise<void> {
  const { socket, head, facts } = upgrade
  const handshake = await admit(upgrade, options)
  const giveBack = options.budget.takeOrThrow(limitKey(facts.address), handshake.token !== null)
  try {
    const dialled = await open(upgrade, handshake, options)
    if (dialled.kind === 'refused') {
      options.onOutcome('refused')
      return await passRefusal(socket, dialled.answer, facts.requestId)
    }
    options.onOutcome('open')
    agree(socket, dialled.answer, facts.requestId)
    // What came with the two heads was read from the sockets already.
    if (dialled.head.length > 0) socket.write(dialled.head)
    if (head.length > 0) dialled.socket.write(head)
    await join(socket, dialled.socket)
  } finally {
    giveBack()
  }
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

/** Dials the nodes in their order until one answers. */
async function open(
  { request, socket, facts }: Upgrade,
  { meeting }: Handshake,
  { nodes, answerMs, log }: UpgradeOptions,
): Promise<Dialled> {
  const gone = new AbortController()
  const onGone = (): void => gone.abort()
  socket.once('close', onGone)
  const headers = [
    ...requestHeaders(withoutExtensions(request.rawHeaders), facts),
    'connection',
    'Upgrade',
    'upgrade',
    'websocket',
  ]
  const dialling = { path: request.url ?? '/', headers, connectMs, answerMs, signal: gone.signal }
  try {
    for (const node of rank(meeting, nodes()).slice(0, maxNodesTried)) {
      try {
        return await dial(node.url, dialling)
      } catch (error) {
        if (socket.destroyed) break
        log.warn({ err: error, node: node.id, requestId: facts.requestId }, 'signaling node cannot be reached')
      }
    }
  } finally {
    socket.off('close', onGone)
  }
  throw new ProblemError('unavailable', 'No signaling node can be reached')
}

/** No extension is offered, compression least of all: it costs memory per socket and buys little for small messages. */
const withoutExtensions = (raw: readonly string[]): string[] =>
  raw.filter((_value, index) => raw[index - (index % 2)]?.toLowerCase() !== 'sec-websocket-extensions')
