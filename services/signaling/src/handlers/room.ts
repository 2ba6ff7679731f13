import { may, meetingsBus, signalingBus, type RoomSnapshot, type Seat } from '@parley/contracts'
import { ask, at, newId, ProblemError } from '@parley/kit'
import type { Context } from '../context.ts'
import { findWait, wait } from '../lobby/wait.ts'
import { decide } from '../room/decide.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { readDelta } from '../room/state.ts'
import { LocalSession } from '../session/local-session.ts'
import { issueResumeToken, readResumeToken, type ResumeToken } from '../session/resume-token.ts'
import type { Handler } from './call.ts'
import { attach, enterRoom, snapshotOrThrow } from '../session/enter.ts'

export const join: Handler<'room.join'> = async ({ context, connection, session, payload: { roomToken, device } }) => {
  const { principal } = session
  const grant = await ask(context.bus, meetingsBus.redeem, { roomToken, userId: principal.userId })
  if (grant.admission === 'wait') {
    const room = await context.rooms.open(grant.meeting.id)
    const options = { principal, room, participantId: grant.participantId, sessionId: newId(), device }
    return { type: 'lobby.waiting', payload: await wait(context, connection, options) }
  }
  const { joined, release } = await enterRoom(context, connection, { principal, grant, device })
  return { type: 'room.joined', payload: joined, after: release }
}

export const resume: Handler<'room.resume'> = async ({ context, connection, session, payload }) => {
  const token = readResumeToken(payload.resumeToken)
  if (!token) throw new ProblemError('resume-failed', 'This is not a resume token', { next: 'rejoin' })
  const { participantId } = token
  const room = await context.rooms.open(token.meetingId)
  const seat = room.state.seats.get(participantId) ?? room.state.parked.get(participantId)
  const waited = seat ? null : await findWait(context, payload.sessionId, token, session.principal.userId)
  if (waited) {
    const options = {
      principal: session.principal,
      room,
      participantId,
      sessionId: payload.sessionId,
      device: waited.device,
    }
    return { type: 'lobby.waiting', payload: await wait(context, connection, options) }
  }
  const next = issueResumeToken(token.meetingId, participantId, room.state.epoch)
  const { sessionId } = payload
  const command = {
    kind: 'resume',
    participantId,
    sessionId,
    node: context.node,
    resumeHash: token.hash,
    newResumeHash: next.hash,
  } as const
  const foreseen = decide(room.state, command, context.clock.now())
  if (!Array.isArray(foreseen)) throw new ProblemError(foreseen.refused, foreseen.detail, { next: 'rejoin' })
  if (seat?.participant.userId !== session.principal.userId)
    throw new ProblemError('resume-failed', 'This session is somebody else’s', { next: 'rejoin' })

  const local =
    room.locals.get(participantId) ??
    new LocalSession({ participantId, sessionId, userId: session.principal.userId }, null)
  local.attach(connection.socket)
  room.locals.set(participantId, local)
  const { state } = await room.submit(command)
  const handed = seat.node === context.node ? { signals: [], lost: false } : await takeOver(context, seat, token)
  if (!attach(context, connection, { principal: session.principal, room, local }))
    throw new ProblemError('wrong-state', 'The socket is closed')
  const caughtUp = await changesSince(context, room, local, { v: payload.v, epoch: token.epoch })
  const answer = {
    ...caughtUp.change,
    signals: [...handed.signals, ...local.takeSignals()],
    signalsLost: handed.lost || local.signalsLost,
    chatSeq: room.chatSeq,
    resumeToken: next.token,
    ...(may(seat.participant.role, 'admit') ? await readLobby(context, room) : {}),
  }
  return { type: 'room.resumed', payload: answer, after: () => local.release(Math.max(caughtUp.v, state.v)) }
}

async function readLobby({ rooms }: Context, room: LiveRoom) {
  const lobby = rooms.lobbyOf(room)
  await lobby.refresh()
  return lobby.view
}

/** What the node that had the session still holds for it; a node that is gone takes that along. */
async function takeOver({ bus, log }: Context, seat: Seat, { meetingId, participantId }: ResumeToken) {
  try {
    const request = at(signalingBus.takeOver, { node: seat.node })
    const { signals } = await ask(bus, request, { meetingId, participantId, sessionId: seat.sessionId })
    return { signals, lost: false }
  } catch (err) {
    log.info({ err, node: seat.node }, 'session taken over from a node that does not answer')
    return { signals: [], lost: true }
  }
}

type Seen = { v: number; epoch: string }
type Caught = { v: number; change: { delta: NonNullable<ReturnType<typeof readDelta>> } | { snapshot: RoomSnapshot } }

/** A delta from what the client saw last, or a snapshot where that is not remembered. */
async function changesSince(context: Context, room: LiveRoom, local: LocalSession, seen: Seen): Promise<Caught> {
  const { state } = room
  if (seen.epoch === state.epoch && seen.v <= state.v) {
    const missed = await context.kv.docs.since(room.meetingId, state.epoch, seen.v)
    const delta = missed && readDelta(missed)
    if (delta) return { v: delta.v, change: { delta } }
  }
  const snapshot = snapshotOrThrow(context, room, local)
  return { v: snapshot.v, change: { snapshot } }
}

export const sync: Handler<'room.sync'> = async ({ context, session: { room, local }, payload }) => {
  const { change } = await changesSince(context, room, local, { v: payload.v, epoch: room.state.epoch })
  return 'delta' in change
    ? { type: 'room.delta', payload: change.delta }
    : { type: 'room.snapshot', payload: change.snapshot }
}

export const leave: Handler<'room.leave'> = async ({ context, connection, session }) => {
  const { principal, room } = session
  if (session.state === 'waiting') {
    context.rooms.lobbyOf(room).remove(session.participantId)
    await ask(context.bus, meetingsBus.leaveLobby, { meetingId: room.meetingId, participantId: session.participantId })
  } else await leaveSeat(room, session.local)
  if (connection.session.state !== 'closed') connection.session = { state: 'authenticated', principal }
  return { type: 'room.left', payload: {} }
}

/** Out of the room's sockets first, so that the leave is told to the others only. */
async function leaveSeat(room: LiveRoom, local: LocalSession): Promise<void> {
  room.locals.delete(local.participantId)
  try {
    await room.submit({ kind: 'leave', by: local.participantId })
  } catch (error) {
    room.locals.set(local.participantId, local)
    throw error
  }
}

export const endMeeting: Handler<'meeting.end'> = async ({ context, session: { principal, room } }) => {
  // Meetings writes it down first and then ends every room of it, this one included.
  await ask(context.bus, meetingsBus.end, { meetingId: room.meetingId, userId: principal.userId })
  return { type: 'ack', payload: {} }
}
