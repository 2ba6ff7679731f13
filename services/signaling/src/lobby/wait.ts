import {
  meetingsBus,
  signalingBus,
  wire,
  type LobbyDecision,
  type LobbyWaiting,
  type Principal,
} from '@parley/contracts'
import { request, asProblem, ProblemError, publish, textFrame } from '@parley/kit'
import type { Context } from '../node/context.ts'
import { decideUntilCurrent, enterRoom } from '../session/enter.ts'
import { messageFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { issueResumeToken, type ResumeToken } from '../session/resume-token.ts'
import { holdSession } from '../session/hold.ts'
import type { Connection } from '../session/session.ts'

/** The record of a wait, so that it can be resumed on any node. */
interface WaitRecord {
  userId: string
  hash: string
  /** Of the token that it was resumed with: good until the next is used, in case the answer was lost. */
  hashBefore?: string
  device: { mic: boolean; cam: boolean }
}

const recordTtlMs = 24 * 3_600_000
/** The answer to an admission may be lost with its node: so long the wait can be resumed, and is answered again. */
const admittedTtlMs = wire.resumeWindowMs
const keyOf = (sessionId: string): string => `waiting:${sessionId}`

export interface WaitOptions {
  principal: Principal
  room: LiveRoom
  participantId: string
  sessionId: string
  device: { mic: boolean; cam: boolean }
  /** Version of the meeting that the client knows; 0: it is told anew. */
  meetingVersion: number
  /** Hash of the token that the wait was resumed with. */
  hashBefore?: string
}

/** Puts a connection into the lobby; the answer has its place. The queue itself is kept by meetings. */
export async function wait(context: Context, connection: Connection, options: WaitOptions): Promise<LobbyWaiting> {
  const { principal, room, participantId, sessionId, device, meetingVersion, hashBefore } = options
  const lobby = context.rooms.lobbyOf(room)
  const resume = issueResumeToken(room.meetingId, participantId, room.state.epoch)
  const record: WaitRecord = {
    userId: principal.userId,
    hash: resume.hash,
    device,
    ...(hashBefore !== undefined && { hashBefore }),
  }
  await context.kv.set(keyOf(sessionId), JSON.stringify(record), recordTtlMs)
  await lobby.refresh()
  const waiting = (position: number): LobbyWaiting => ({
    participantId,
    position,
    sessionId,
    resumeToken: resume.token,
    resumeWindowMs: wire.resumeWindowMs,
  })
  if (connection.session.state === 'closed') return waiting(0)
  connection.session = { state: 'waiting', principal, room, participantId, sessionId }
  const position = lobby.positionOf(participantId)
  lobby.add(
    {
      participantId,
      meetingVersion,
      onPosition: (place) => connection.socket.send(messageFrame({ type: 'lobby.waiting', payload: waiting(place) })),
      onDecided: (decision) => void decided(context, connection, options, decision),
      onFrame: (frame) => connection.socket.send(frame),
      onEnded: () => connection.socket.close('meetingEnded'),
      onReplaced: () => {
        connection.session = { state: 'authenticated', principal }
        connection.socket.close('resumedElsewhere')
      },
    },
    position,
  )
  publish(
    context.bus,
    signalingBus.room,
    { meetingId: room.meetingId },
    { kind: 'waiting', node: context.node, participantId },
  )
  return waiting(position)
}

/** The wait that a resume token belongs to; null if there is none, or it is somebody else's. */
export async function findWait(
  { kv }: Context,
  sessionId: string,
  token: ResumeToken,
  userId: string,
): Promise<WaitRecord | null> {
  const text = await kv.get(keyOf(sessionId))
  if (text === null) return null
  const record = JSON.parse(text) as WaitRecord
  const known = record.hash === token.hash || record.hashBefore === token.hash
  return known && record.userId === userId ? record : null
}

/** Goes on with a wait, on any node. Rejects with `resume-failed` for one who was removed meanwhile. */
export async function resumeWait(
  context: Context,
  connection: Connection,
  options: WaitOptions,
): Promise<LobbyWaiting> {
  const { participantId, room, sessionId } = options
  const { decided } = await request(context.bus, meetingsBus.lobby, {
    meetingId: room.meetingId,
    present: [participantId],
  })
  const removed = decided.some((decision) => !decision.admitted && decision.reason === 'removed')
  if (!removed) return wait(context, connection, options)
  await context.kv.delete(keyOf(sessionId))
  throw new ProblemError('resume-failed', 'You were removed from the lobby', { next: 'rejoin' })
}

async function decided(
  context: Context,
  connection: Connection,
  options: WaitOptions,
  decision: LobbyDecision,
): Promise<void> {
  const { principal, device, sessionId } = options
  if (connection.session.state !== 'waiting') return
  connection.session = { state: 'authenticated', principal: connection.session.principal }
  try {
    if (!decision.admitted) {
      await context.kv.delete(keyOf(sessionId))
      connection.socket.send(
        messageFrame({ type: 'lobby.result', payload: { admitted: false, reason: decision.reason } }),
      )
      return
    }
    await admit(context, connection, { principal, device, decision, sessionId, meetingId: options.room.meetingId })
    await keepForAWhile(context, sessionId)
  } catch (error) {
    // Still admitted, as meetings has written down: the client asks for a room token and comes straight in.
    context.log.warn({ err: error, sessionId }, 'an admitted participant could not enter')
    const problem = asProblem(error)?.toProblem() ?? null
    connection.socket.send(textFrame(JSON.stringify({ type: 'error', payload: { ...problem, next: 'rejoin' } })))
  }
}

async function keepForAWhile({ kv }: Context, sessionId: string): Promise<void> {
  const record = await kv.get(keyOf(sessionId))
  if (record !== null) await kv.set(keyOf(sessionId), record, admittedTtlMs)
}

interface Admitting {
  principal: Principal
  /** Of the wait, and of the session that comes of it: an admission that is carried out again on another node is the same attempt. */
  sessionId: string
  device: WaitRecord['device']
  decision: LobbyDecision
  meetingId: string
}

async function admit(context: Context, connection: Connection, admitting: Admitting): Promise<void> {
  const { principal, device, sessionId } = admitting
  const decisions = decisionsOf(context, admitting)
  const { joined, release } = await decideUntilCurrent(decisions, (decision) => {
    if (!decision?.admitted) throw new ProblemError('not-admitted')
    return enterRoom(context, connection, { sessionId, principal, grant: decision.grant, device })
  })
  connection.socket.send(messageFrame({ type: 'lobby.result', payload: { admitted: true, ...joined } }))
  holdSession(connection, joined)
  release()
}

/** The decision as it was told, then as meetings has it by now. */
function decisionsOf({ bus }: Context, { decision, meetingId }: Admitting): () => Promise<LobbyDecision | undefined> {
  let told = false
  return async () => {
    if (!told) {
      told = true
      return decision
    }
    const { participantId } = decision
    const { decided: now } = await request(bus, meetingsBus.lobby, { meetingId, present: [participantId] })
    return now.find((other) => other.participantId === participantId)
  }
}
