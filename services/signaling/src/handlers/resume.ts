import { may, signalingBus, type ClientPayload, type RoomDelta, type RoomSnapshot } from '@parley/contracts'
import { request, at, isProblem, ProblemError } from '@parley/kit'
import type { Static } from 'typebox'
import type { Context } from '../node/context.ts'
import { followLobby } from '../lobby/follow.ts'
import { findWait, resumeWait } from '../lobby/wait.ts'
import { decide, type Command } from '../room/decide.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { readDelta, type RoomState } from '../room/state.ts'
import { snapshotOrThrow, takeSeat } from '../session/enter.ts'
import { LocalSession } from '../session/local-session.ts'
import { issueResumeToken, readResumeToken, type ResumeToken } from '../session/resume-token.ts'
import type { Signal } from '../session/signal-outbox.ts'
import type { Call, Handler, Reply } from './call.ts'

type Resuming = ClientPayload<'room.resume'>

export const resume: Handler<'room.resume'> = (call) => resumeSession(call, { keepToken: false })

/** `keepToken`: the client does not know that its session is resumed, so what it holds stays good. */
export async function resumeSession(
  call: Call<'room.resume'>,
  { keepToken }: { keepToken: boolean },
): Promise<Reply<'room.resume'>> {
  const { context, session, payload } = call
  const askedAt = context.clock.monotonic()
  const token = readResumeToken(payload.resumeToken)
  if (!token) throw new ProblemError('resume-failed', 'This is not a resume token', { next: 'rejoin' })
  const { userId } = session.principal
  if (!(await mayExist(context, { token, sessionId: payload.sessionId, userId })))
    throw new ProblemError('resume-failed', 'There is no such session', { next: 'rejoin' })
  const room = await context.rooms.open(token.meetingId)
  const { participantId } = token
  const found = await room.find((state) => state.seats.get(participantId) ?? state.parked.get(participantId))
  // A wait that has become a seat has told its client no other token, if its node went just then: it is admitted here again.
  const isSeated = found?.resumeHash === token.hash || found?.resumeHashBefore === token.hash
  const waited = isSeated ? null : await findWait(context, payload.sessionId, token, userId)
  if (!waited) return await resumeSeat(call, { room, token, keepToken, askedAt })
  const place = await resumeWait(context, call.connection, {
    principal: session.principal,
    room,
    participantId,
    sessionId: payload.sessionId,
    device: waited.device,
    meetingVersion: 0,
    hashBefore: token.hash,
  })
  // Decisions and changes made meanwhile follow.
  return { type: 'lobby.waiting', payload: place, after: () => void context.rooms.lobbyOf(room).refresh() }
}

/**
 * Whether there can be such a session: a token names its meeting, and anybody can make one up. A room is opened only for one that is
 * here, in the store, or waited for; right after the store has lost data nobody knows what is not there.
 */
async function mayExist(
  context: Context,
  { token, sessionId, userId }: { token: ResumeToken; sessionId: string; userId: string },
): Promise<boolean> {
  const { kv, life, rooms } = context
  if (rooms.peek(token.meetingId) || !life.isSettled) return true
  const looked = await kv.docs.look(token.meetingId, null)
  if (looked.found !== 'none') return true
  life.note(looked.incarnation)
  return !life.isSettled || (await findWait(context, sessionId, token, userId)) !== null
}

async function resumeSeat(
  { context, connection, session: { principal }, payload }: Call<'room.resume'>,
  { room, token, keepToken, askedAt }: { room: LiveRoom; token: ResumeToken; keepToken: boolean; askedAt: number },
): Promise<Reply<'room.resume'>> {
  const { participantId } = token
  const next = keepToken ? token : issueResumeToken(token.meetingId, participantId, room.state.epoch)
  const command = {
    kind: 'resume',
    participantId,
    userId: principal.userId,
    sessionId: payload.sessionId,
    node: context.node,
    resumeHash: token.hash,
    newResumeHash: next.hash,
    seatsPerPerson: context.seatsPerPerson,
  } as const
  await foreseeOrThrow(context, room, command)
  const local = localOf(context, room, command)
  const { before, state } = await takeSeat(context, connection, { principal, room, local, command, askedAt }).catch(
    orRejoin,
  )
  const seat = before.seats.get(participantId) ?? before.parked.get(participantId)
  const handed = await handOver(context, { room, node: seat?.node ?? context.node, local, received: payload.signalSeq })
  // How old the credentials are that the client has is not known here: it is told anew with the next tick.
  if (context.ice.grant(local).renewAt !== null) connection.renewIceAt = context.clock.monotonic()
  const caughtUp = await changesSince(context, room, local, { v: payload.v, epoch: token.epoch })
  const role = state.seats.get(participantId)?.participant.role
  const answer = {
    ...caughtUp.change,
    signals: handed.signals,
    signalsLost: handed.lost,
    signalSeq: handed.seq,
    chatSeq: room.chatSeq,
    chatRev: room.chatRev,
    resumeToken: next.token,
    ...(role && may(role, 'admit') ? await readLobby(context, room) : {}),
  }
  const after = (): void => {
    local.release(caughtUp.v)
    followLobby(context, room, local, payload.features)
    context.sfu.tellAnew(room, local)
  }
  return { type: 'room.resumed', payload: answer, after }
}

type ResumeCommand = Extract<Command, { kind: 'resume' }>

/** Nobody gets near a session without its token, not even for the time of a commit. A refusal is of the newest state. */
async function foreseeOrThrow({ life }: Context, room: LiveRoom, command: ResumeCommand): Promise<void> {
  const refusalIn = (state: RoomState) => {
    const decided = decide(state, command, life.now())
    return Array.isArray(decided) ? undefined : decided
  }
  if (!refusalIn(room.state)) return
  await room.submit({ kind: 'confirm' })
  const refused = refusalIn(room.state)
  if (refused) orRejoin(new ProblemError(refused.refused, refused.detail))
}

/** A refusal tells the client the way on. A request that is only not possible now is tried again. A meeting that is over stays so. */
function orRejoin(error: unknown): never {
  if (!(error instanceof ProblemError) || error.toProblem().retryable || error.code === 'meeting-over') throw error
  throw new ProblemError(error.code, error.message, { ...error.extra, next: 'rejoin' })
}

/** The session as this node has kept it, or a new one; one that has been elsewhere since is of no use any more. */
function localOf({ node }: Context, room: LiveRoom, { participantId, sessionId, userId }: ResumeCommand): LocalSession {
  const kept = room.locals.get(participantId)
  const owner = (room.state.seats.get(participantId) ?? room.state.parked.get(participantId))?.node
  if (kept && owner === node && kept.sessionId === sessionId) return kept
  kept?.close('resumedElsewhere')
  return new LocalSession({ participantId, sessionId, userId })
}

async function readLobby({ rooms }: Context, room: LiveRoom) {
  const lobby = rooms.lobbyOf(room)
  await lobby.refresh()
  return lobby.view
}

interface HandingOver {
  room: LiveRoom
  /** The node that had the session. */
  node: string
  local: LocalSession
  received: Resuming['signalSeq']
}
type Handover = { signals: Signal[]; lost: boolean; seq: number }

/** The signals that the client misses: kept here, or by the node that had the session, which keeps its answers, too. */
async function handOver(context: Context, handing: HandingOver): Promise<Handover> {
  const { local, node, received } = handing
  if (node === context.node) {
    const kept = local.takeSignals(received)
    // A session that was parked has been forgotten here with its numbers: they go on where the client is.
    if (kept.seq > 0 || received === undefined) return kept
    local.adoptSignals([], received)
    return { signals: [], lost: false, seq: received }
  }
  const handed = await takeOver(context, handing)
  if (handed === null) {
    local.expectStragglers()
    local.adoptSignals([], received ?? 0)
    return { signals: [], lost: true, seq: received ?? 0 }
  }
  local.adoptSignals(handed.signals, handed.seq)
  local.answers.adoptTexts(handed.answers ?? [])
  return handed
}

/**
 * The signals and answers that the session's former node still holds; null: it does not answer, and a node that is gone takes that along.
 * @throws ProblemError `unavailable`: the session went back there while this node stood still; asked again, the client finds out
 */
async function takeOver(
  { bus, log }: Context,
  { room, node, local: { participantId, sessionId }, received }: HandingOver,
): Promise<Static<typeof signalingBus.takeOver.output> | null> {
  try {
    return await request(bus, at(signalingBus.takeOver, { node }), {
      meetingId: room.meetingId,
      participantId,
      sessionId,
      ...(received !== undefined && { received }),
    })
  } catch (err) {
    if (isProblem(err, 'wrong-state'))
      throw new ProblemError('unavailable', 'The session is on another node', {}, { cause: err })
    log.info({ err, node }, 'session taken over from a node that does not answer')
    return null
  }
}

type ClientVersion = { v: number; epoch: string }
type CatchUpResult = {
  v: number
  change: { delta: RoomDelta } | { snapshot: RoomSnapshot }
}

/**
 * A delta from what the client saw last; a snapshot where that is not remembered, or the store cannot be asked. It says no more than
 * this node knows by then. Its later deltas start there, and would not name those who came and left in between.
 */
export async function changesSince(
  context: Context,
  room: LiveRoom,
  local: LocalSession,
  seen: ClientVersion,
): Promise<CatchUpResult> {
  const { state } = room
  const delta = seen.epoch === state.epoch && seen.v <= state.v ? await readChanges(context, room, seen.v) : null
  if (delta) return { v: delta.v, change: { delta } }
  const snapshot = snapshotOrThrow(context, room, local)
  return { v: snapshot.v, change: { snapshot } }
}

async function readChanges({ kv, log }: Context, room: LiveRoom, v: number): Promise<RoomDelta | null> {
  const { meetingId, state } = room
  try {
    const missed = await kv.docs.since(meetingId, state.epoch, v)
    // A store that has gone back does not know what this node has told already.
    if (missed === null || missed.version < state.v) return null
    if (missed.version > room.state.v) await room.catchUp()
    return room.state.epoch === state.epoch && room.state.v >= missed.version ? readDelta(missed) : null
  } catch (err) {
    log.info({ err, meetingId }, 'a client gets a snapshot, for the store cannot be asked')
    return null
  }
}
