import type { ClientType } from '@parley/contracts'
import type { Connection } from './session.ts'

/** An answer that says what a session can be resumed with, and how far its client has come with it. */
interface Entered {
  sessionId?: string
  resumeToken?: string
  signalSeq?: number
  v?: number
  delta?: { v: number } | undefined
  snapshot?: { v: number } | undefined
}

/**
 * Tells the gateway that holds the socket how another node can carry on the session, which has just begun. The
 * answer to a resume does not say the session's id again.
 */
export function holdSession({ session, socket }: Connection, entered: Entered): void {
  const { sessionId, resumeToken, signalSeq = 0, snapshot, delta } = entered
  if (!('room' in session) || sessionId === undefined || resumeToken === undefined) return
  const v = (snapshot ?? delta ?? entered).v ?? 0
  socket.hold?.({ session: { meetingId: session.room.meetingId, sessionId, resumeToken, v, signalSeq } })
}

/** The same for any answer that changes what the session is; `asked` is the payload of the request. */
export function holdAnswered(connection: Connection, type: ClientType, asked: object, answered: object): void {
  const { socket } = connection
  if (type === 'auth.authenticate') socket.hold?.(asked as { accessToken: string })
  else if (type === 'room.leave') socket.hold?.({ session: null })
  else holdSession(connection, { ...asked, ...answered })
}
