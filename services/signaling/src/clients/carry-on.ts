import { type LinkSession, type Principal, type ServerMessage } from '@parley/contracts'
import type { Context } from '../node/context.ts'
import type { Reply } from '../handlers/call.ts'
import { resumeSession } from '../handlers/resume.ts'
import { farewellOf, type Farewell } from '../room/farewell.ts'
import { messageFrame, pingFrame } from '../room/frames.ts'
import { holdSession } from '../session/hold.ts'
import { readResumeToken } from '../session/resume-token.ts'
import type { Connection } from '../session/session.ts'

/**
 * Goes on with a session whose socket stayed open at its gateway while its node went: as `room.resume`, but the client has asked for
 * nothing and is told only what it missed, be it the end. Rejects with the problem that a resume would be refused with.
 */
export async function carryOn(
  context: Context,
  connection: Connection,
  { principal, session }: { principal: Principal; session: LinkSession },
): Promise<void> {
  const { sessionId, resumeToken, v, signalSeq } = session
  const call = {
    context,
    connection,
    session: { state: 'authenticated' as const, principal },
    payload: { sessionId, resumeToken, v, signalSeq },
  }
  const reply = await resumeSession(call, { keepToken: true }).catch((error: unknown) => {
    const farewell = owedTo(context, resumeToken)
    if (farewell === null) throw error
    connection.socket.send(farewell.frame)
    connection.socket.close(farewell.why)
  })
  if (!reply) return
  for (const message of messagesOf(reply)) connection.socket.send(messageFrame(message))
  holdSession(connection, { sessionId, ...reply.payload })
  reply.after?.()
  // It shows the client whether it missed something that was said.
  const room = connection.session.state === 'joined' ? connection.session.room : null
  connection.socket.send(pingFrame(room, context.clock.now()))
}

/** The meeting ended, or they were removed, while no node had the session: the client is told so as its own node would have. */
function owedTo({ rooms }: Context, resumeToken: string): Farewell | null {
  const token = readResumeToken(resumeToken)
  const room = token && rooms.peek(token.meetingId)
  return room ? farewellOf(room.state, token.participantId) : null
}

/** The missed changes, in messages that come without being asked for. */
function* messagesOf({ type, payload }: Reply<'room.resume'>): Generator<ServerMessage> {
  if (type === 'lobby.waiting') return yield { type, payload }
  const { delta, snapshot, signals, signalsLost, lv, lobby } = payload
  const v = snapshot?.v ?? delta?.v ?? 0
  if (snapshot) yield { type: 'room.snapshot', payload: snapshot }
  if (delta) yield { type: 'room.delta', payload: delta }
  if (lobby && lv !== undefined) yield { type: 'lobby.updated', payload: { lv, lobby } }
  for (const signal of signals) yield { type: 'rtc.signal', payload: signal }
  if (signalsLost) yield { type: 'room.delta', payload: { v, upserts: [], left: [], signalsLost } }
}
