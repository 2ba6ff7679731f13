import { may, signalingBus, type ClientPayload, type RoomSnapshot, type Seat } from '@parley/contracts'
import { ask, at, ProblemError } from '@parley/kit'
import type { Context } from '../context.ts'
import { findWait, resumeWait } from '../lobby/wait.ts'
import { decide } from '../room/decide.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { readDelta } from '../room/state.ts'
import { attach, snapshotOrThrow } from '../session/enter.ts'
import { LocalSession } from '../session/local-session.ts'
import { issueResumeToken, readResumeToken, type ResumeToken } from '../session/resume-token.ts'
import type { Signal } from '../session/signal-outbox.ts'
import type { Call, Handler, Reply } from './call.ts'

type Resuming = ClientPayload<'room.resume'>

export const resume: Handler<'room.resume'> = async (call) => {
  const { context, session, payload } = call
  const token = readResumeToken(payload.resumeToken)
  if (!token) throw new ProblemError('resume-failed', 'This is not a resume token', { next: 'rejoin' })
  const room = await context.rooms.open(token.meetingId)
  const { participantId } = token
  const seat = room.state.seats.get(participantId) ?? room.state.parked.get(participantId)
  const waited = seat ? null : await findWait(context, payload.sessionId, token, session.principal.userId)
  if (!waited) return await resumeSeat(call, { room, token, seat })
  const place = await resumeWait(context, call.connection, {
    principal: session.principal,
    room,
    participantId,
    sessionId: payload.sessionId,
    device: waited.device,
    meetingVersion: 0,
    hashBefore: token.hash,
  })
  // What was decided and changed meanwhile follows.
  return { type: 'lobby.waiting', payload: place, after: () => void context.rooms.lobbyOf(room).refresh() }
}

async function resumeSeat(
  { context, connection, session: { principal }, payload }: Call<'room.resume'>,
  { room, token, seat }: { room: LiveRoom; token: ResumeToken; seat: Seat | undefined },
): Promise<Reply<'room.resume'>> {
  const next = issueResumeToken(token.meetingId, token.participantId, room.state.epoch)
  const command = {
    kind: 'resume',
    participantId: token.participantId,
    sessionId: payload.sessionId,
    node: context.node,
    resumeHash: token.hash,
    newResumeHash: next.hash,
  } as const
  const foreseen = decide(room.state, command, context.clock.now())
  if (!Array.isArray(foreseen)) throw new ProblemError(foreseen.refused, foreseen.detail, { next: 'rejoin' })
  if (seat?.participant.userId !== principal.userId)
    throw new ProblemError('resume-failed', 'This session is somebody else’s', { next: 'rejoin' })

  const local = localOf(context, room, seat)
  local.attach(connection.socket)
  room.locals.set(token.participantId, local)
  const { state } = await room.submit(command)
  const handed = await handOver(context, { room, seat, local, received: payload.signalSeq })
  if (!attach(context, connection, { principal, room, local }))
    throw new ProblemError('wrong-state', 'The socket is closed')
  // How old the credentials are that the client has is not known here: it is told anew with the next tick.
  if (context.ice.grant(principal.userId).renewAt !== null) connection.renewIceAt = context.clock.now()
  const caughtUp = await changesSince(context, room, local, { v: payload.v, epoch: token.epoch })
  const answer = {
    ...caughtUp.change,
    signals: handed.signals,
    signalsLost: handed.lost,
    signalSeq: handed.seq,
    chatSeq: room.chatSeq,
    chatRev: room.chatRev,
    resumeToken: next.token,
    ...(may(seat.participant.role, 'admit') ? await readLobby(context, room) : {}),
  }
  return { type: 'room.resumed', payload: answer, after: () => local.release(Math.max(caughtUp.v, state.v)) }
}

/** The session as this node has kept it, or a new one; one that has been elsewhere since is of no use any more. */
function localOf({ node }: Context, room: LiveRoom, { participant, sessionId, node: owner }: Seat): LocalSession {
  const kept = room.locals.get(participant.id)
  if (kept && owner === node && kept.sessionId === sessionId) return kept
  kept?.close('resumedElsewhere')
  return new LocalSession({ participantId: participant.id, sessionId, userId: participant.userId }, null)
}

async function readLobby({ rooms }: Context, room: LiveRoom) {
  const lobby = rooms.lobbyOf(room)
  await lobby.refresh()
  return lobby.view
}

interface HandingOver {
  room: LiveRoom
  seat: Seat
  local: LocalSession
  received: Resuming['signalSeq']
}
type Handed = { signals: Signal[]; lost: boolean; seq: number }

/** The signals that the client misses: kept here, or by the node that had the session. */
async function handOver(context: Context, { room, seat, local, received }: HandingOver): Promise<Handed> {
  if (seat.node === context.node) {
    const kept = local.takeSignals(received)
    // A session that was parked has been forgotten here with its numbers: they go on where the client is.
    if (kept.seq > 0 || received === undefined) return kept
    local.adoptSignals([], received)
    return { signals: [], lost: false, seq: received }
  }
  const handed = await takeOver(context, { room, seat, received })
  if (handed === null) {
    local.expectStragglers()
    local.adoptSignals([], received ?? 0)
    return { signals: [], lost: true, seq: received ?? 0 }
  }
  local.adoptSignals(handed.signals, handed.seq)
  return handed
}

/** What the node that had the session still holds for it; null: it does not answer, and a node that is gone takes that along. */
async function takeOver(
  { bus, log }: Context,
  { room, seat, received }: Omit<HandingOver, 'local'>,
): Promise<Handed | null> {
  const { participant, sessionId, node } = seat
  try {
    return await ask(bus, at(signalingBus.takeOver, { node }), {
      meetingId: room.meetingId,
      participantId: participant.id,
      sessionId,
      ...(received !== undefined && { received }),
    })
  } catch (err) {
    log.info({ err, node }, 'session taken over from a node that does not answer')
    return null
  }
}

type Seen = { v: number; epoch: string }
type Caught = { v: number; change: { delta: NonNullable<ReturnType<typeof readDelta>> } | { snapshot: RoomSnapshot } }

/** A delta from what the client saw last, or a snapshot where that is not remembered. */
export async function changesSince(context: Context, room: LiveRoom, local: LocalSession, seen: Seen): Promise<Caught> {
  const { state } = room
  if (seen.epoch === state.epoch && seen.v <= state.v) {
    const missed = await context.kv.docs.since(room.meetingId, state.epoch, seen.v)
    const delta = missed && readDelta(missed)
    if (delta) return { v: delta.v, change: { delta } }
  }
  const snapshot = snapshotOrThrow(context, room, local)
  return { v: snapshot.v, change: { snapshot } }
}
