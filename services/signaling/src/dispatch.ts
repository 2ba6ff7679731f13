import { Envelope, fromClient, may, wire, type ClientMessage, type ClientType } from '@parley/contracts'
import { asProblem, compile, compileInput, ProblemError, traced } from '@parley/kit'
import type { Context } from './context.ts'
import type { AnyHandler } from './handlers/call.ts'
import { handlers } from './handlers/index.ts'
import { answerText, textFrame } from './room/frames.ts'
import { printOf, type Answer } from './session/answers.ts'
import { holdAnswered } from './session/hold.ts'
import type { Connection } from './session/session.ts'
import { isTooComplex } from './socket/complexity.ts'

const faultsOfEnvelope = compile(Envelope)
const faultsOfPayload = new Map(Object.entries(fromClient).map(([type, { payload }]) => [type, compileInput(payload)]))

/** These change what the session is: frames behind them wait, so that a client may send them in one go. */
const entering = new Set<ClientType>(['auth.authenticate', 'room.join', 'room.resume', 'room.leave'])
/** They change nothing, so a repeated one is answered anew: what they answer may be long, and is not kept. */
const reading = new Set<ClientType>(['room.sync', 'ping'])
const maxWaiting = 256
const maxWaitingBytes = 512 * 1_024
/** Texts up to here are kept as they are; longer ones are put together anew. */
const maxKeptText = 512
const maxStrikes = 100

/**
 * One frame of a client, in the one order of checks: size (by ws) → rate → parse → validate → repeated → state → permission →
 * act → answer. Handlers hold none of it.
 */
export function receive(context: Context, connection: Connection, data: Buffer, isBinary: boolean): void {
  if (isOver(connection)) return
  const now = context.clock.monotonic()
  connection.lastFrameAt = now
  if (connection.limits.flood.take(now) > 0 && strike(connection)) return
  if (isBinary) return connection.socket.close('protocolViolation', 'text frames only')
  if (connection.waiting === null) return take(context, connection, data)
  if (connection.waiting.length < maxWaiting && bytesOf(connection.waiting) + data.length <= maxWaitingBytes)
    connection.waiting.push(data)
  else connection.socket.close('tooManyMessages')
}

/** A frame after our close frame is ignored: its session may long be on another node (fencing). */
const isOver = ({ session, socket }: Connection): boolean => session.state === 'closed' || !socket.open

const bytesOf = (frames: readonly Buffer[]): number => frames.reduce((sum, { length }) => sum + length, 0)

/** Counts an excess; true when it was one too many and the socket is closed. */
function strike(connection: Connection): boolean {
  connection.strikes += 1
  if (connection.strikes < maxStrikes) return false
  connection.socket.close('tooManyMessages')
  return true
}

interface Incoming {
  type: ClientType
  requestId: string | undefined
  payload: unknown
  /** Of a request that has an id and is kept. */
  print?: string
}

function take(context: Context, connection: Connection, data: Buffer): void {
  const incoming = readOrRefuse(context, connection, data)
  if (incoming === null) return connection.socket.finished?.()
  const { requestId, type } = incoming
  const request = requestId === undefined || reading.has(type) ? undefined : { requestId, print: printOf(data) }
  const known = request && connection.answers.get(request.requestId, request.print)
  const answering = known ?? tracedAct(context, connection, { ...incoming, ...(request && { print: request.print }) })
  if (request && !known)
    connection.answers.keep(request, answering, { entering: entering.has(type), now: context.clock.monotonic() })
  if (known) void known.then((answer) => answer && connection.socket.send(textFrame(answer.text())))
  else if (entering.has(type)) void holdWhile(context, connection, answering)
  if (connection.socket.finished) void answering.then(() => connection.socket.finished?.())
}

/** Keeps the frames of a connection back until `answering`, which must not reject, is done; then takes them in order. */
export async function holdWhile(context: Context, connection: Connection, answering: Promise<unknown>): Promise<void> {
  connection.waiting = []
  await answering
  const waiting = connection.waiting
  connection.waiting = null
  for (const [index, data] of waiting.entries()) {
    if (isOver(connection)) return
    take(context, connection, data)
    if (connection.waiting !== null) return void (connection.waiting = waiting.slice(index + 1))
  }
}

/** Parses and validates; answers what is wrong. */
function readOrRefuse(context: Context, connection: Connection, data: Buffer): Incoming | null {
  const message = parse(data)
  if (message === undefined) {
    refuse(connection, undefined, new ProblemError('malformed-json', 'The frame is not JSON'))
    connection.socket.close('protocolViolation', 'not JSON')
    return null
  }
  const requestId = requestIdOf(message)
  const problem = problemWith(context, connection, { message, length: data.length })
  if (problem === null) return { ...(message as Envelope as Incoming), requestId }
  refuse(connection, requestId, problem)
  return null
}

const isType = (type: string): type is ClientType => Object.hasOwn(fromClient, type)

function problemWith(
  { clock, bytes }: Context,
  connection: Connection,
  { message, length }: { message: unknown; length: number },
): ProblemError | null {
  const limit = limitOf(message)
  const now = clock.monotonic()
  const tooMany = limit === 'none' ? 0 : connection.limits[limit].take(now)
  const { session } = connection
  const tooMuch = limit !== 'none' && 'principal' in session ? bytes.take(session.principal.userId, length, now) : 0
  const retryAfterMs = Math.max(tooMany, tooMuch)
  if (retryAfterMs > 0) {
    connection.strikes += 1
    return new ProblemError('rate-limited', 'Too many messages; slow down', { retryAfterMs })
  }
  if (isTooComplex(message, wire.complexity))
    return new ProblemError('invalid-input', 'The message is nested too deep, or has too many values')
  const faults = faultsOfEnvelope(message)
  if (faults.length > 0)
    return new ProblemError(
      'invalid-input',
      'The message is not an envelope {type, requestId?, payload?} of well-formed text',
      {
        errors: faults,
      },
    )
  const { type, payload = {} } = message as Envelope
  if (!isType(type))
    return new ProblemError('unknown-type', `There is no message type ${JSON.stringify(type.slice(0, 40))}`)
  const wrong = faultsOfPayload.get(type)?.(payload) ?? []
  if (wrong.length === 0) return null
  const errors = wrong.map(({ path, message: text }) => ({ path: `/payload${path}`, message: text }))
  return new ProblemError('invalid-input', `The payload of ${type} does not match its schema`, { errors })
}

/** An unknown message counts as one too: to tell what is wrong with it is work. */
function limitOf(message: unknown): NonNullable<ClientMessage['limit']> {
  const { type } = (message ?? {}) as { type?: unknown }
  const row: ClientMessage | undefined = typeof type === 'string' && isType(type) ? fromClient[type] : undefined
  return row?.limit ?? 'message'
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}

function requestIdOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('requestId' in message)) return undefined
  const { requestId } = message
  return typeof requestId === 'string' && requestId.length > 0 && requestId.length <= 64 ? requestId : undefined
}

/** A span for what is answered; pings, signals and the like are too many, and nobody waits for them. */
function tracedAct(context: Context, connection: Connection, incoming: Incoming): Promise<Answer | null> {
  const { type, requestId } = incoming
  const act = () => actOn(context, connection, incoming)
  if (type === 'ping' || (requestId === undefined && !entering.has(type))) return act()
  const attributes = { 'parley.request_id': requestId ?? '', 'parley.connection_id': connection.id }
  return traced({ name: `ws ${type}`, kind: 'server', attributes }, {}, act)
}

/** Checks state and permission, acts, and sends the answer; resolves with its frame for when the request is repeated. */
async function actOn(
  context: Context,
  connection: Connection,
  { type, requestId, payload = {}, print }: Incoming,
): Promise<Answer | null> {
  const { session } = connection
  const from = context.clock.monotonic()
  const note = (outcome: string): void => {
    const ms = context.clock.monotonic() - from
    context.journal.answered(connection, {
      type,
      messageId: requestId,
      before: session,
      outcome,
      target: targetOf(payload),
      ms,
    })
  }
  try {
    checkState(connection, type)
    if (!mayNow(connection, type)) await mayOrThrow(connection, type)
    // The state was just checked against the row that gives this handler its type.
    const handler = handlers[type] as unknown as AnyHandler
    const request = print === undefined ? undefined : `${requestId} ${print}`
    const pending = handler({ context, connection, session, payload, request })
    const reply = pending instanceof Promise ? await pending : pending
    // Without a request id only what changes the session is answered: nobody could tell the others apart.
    const answer = reply && (requestId !== undefined || entering.has(type)) ? say(connection, requestId, reply) : null
    if (reply && entering.has(type)) holdAnswered(connection, type, payload as object, reply.payload)
    reply?.after?.()
    note('ok')
    return answer
  } catch (error) {
    const problem = problemOf(context, type, error)
    note(problem.code)
    const answer = refuse(connection, requestId, problem)
    if (unauthenticated(error) && (type === 'auth.authenticate' || connection.session.state === 'connected')) {
      connection.socket.close('unauthenticated')
    }
    return answer
  }
}

/** The participant that a message is about, if it names one. */
const targetOf = (payload: unknown): string | undefined => {
  const { participantId } = payload as { participantId?: unknown }
  return typeof participantId === 'string' ? participantId : undefined
}

const unauthenticated = (error: unknown): boolean => asProblem(error)?.toProblem().status === 401

function problemOf(context: Context, type: string, error: unknown): ProblemError {
  const known = asProblem(error)
  if (known) return known
  context.log.error({ err: error, type }, 'message failed')
  return new ProblemError('internal')
}

/** @throws ProblemError `wrong-state`, `unauthenticated` */
function checkState({ session }: Connection, type: ClientType): void {
  const { when }: ClientMessage = fromClient[type]
  if (session.state === 'closed') throw new ProblemError('wrong-state', 'The socket is closed')
  if (when.includes(session.state)) return
  if (session.state === 'connected') throw new ProblemError('unauthenticated', 'Send auth.authenticate first')
  throw new ProblemError(
    'wrong-state',
    `${type} is possible only when ${when.join(' or ')}; this session is ${session.state}`,
  )
}

/** Whether the participant's role, as this node knows it, allows the message. */
function mayNow({ session }: Connection, type: ClientType): boolean {
  const { needs }: ClientMessage = fromClient[type]
  if (needs === undefined || session.state !== 'joined') return true
  const role = session.room.state.seats.get(session.local.participantId)?.participant.role
  return role !== undefined && may(role, needs)
}

/** The role may be another by now: the newest state decides. @throws ProblemError `forbidden`, `unavailable` */
async function mayOrThrow(connection: Connection, type: ClientType): Promise<void> {
  const { session } = connection
  if (session.state === 'joined') await session.room.submit({ kind: 'confirm' })
  const { needs }: ClientMessage = fromClient[type]
  if (!mayNow(connection, type)) throw new ProblemError('forbidden', `${type} needs the right to ${needs}`)
}

const refuse = (connection: Connection, requestId: string | undefined, problem: ProblemError): Answer =>
  say(connection, requestId, { type: 'error', payload: problem.toProblem(requestId) })

interface Said {
  type: string
  payload: object
}

/** Sends an answer. */
function say(connection: Connection, requestId: string | undefined, said: Said): Answer {
  const text = answerText(said.type, requestId, said.payload)
  connection.socket.send(textFrame(text))
  return text.length > maxKeptText ? remade(text.length, requestId, said) : { length: text.length, text: () => text }
}

/** Keeps what a long answer was made of, most of which a room has in memory anyway; apart, so that it holds no text. */
const remade = (length: number, requestId: string | undefined, { type, payload }: Said): Answer => ({
  length,
  text: () => answerText(type, requestId, payload),
})
