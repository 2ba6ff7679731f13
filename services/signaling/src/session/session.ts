import type { Principal } from '@parley/contracts'
import type { Answers } from './answers.ts'
import type { LiveRoom } from '../room/live-room.ts'
import type { TokenBucket } from '@parley/kit'
import type { ClientSocket } from './client-socket.ts'
import type { LocalSession } from './local-session.ts'

/** The state of a socket; each state has only the fields that exist in it. */
export type ParticipantSession =
  | { state: 'connected' }
  | { state: 'authenticated'; principal: Principal }
  | { state: 'waiting'; principal: Principal; room: LiveRoom; participantId: string; sessionId: string }
  | { state: 'joined'; principal: Principal; room: LiveRoom; local: LocalSession }
  | { state: 'closed' }

/** One socket and what the server knows of it. Times are monotonic, in ms. */
export interface Connection {
  /** The request id of its handshake. */
  readonly id: string
  /** The gateway's secret for this client; see `LinkAttach`. */
  readonly client: string
  readonly socket: ClientSocket
  session: ParticipantSession
  readonly openedAt: number
  lastFrameAt: number
  nextPingAt: number
  /** When its ICE servers are to be told again; null: they do not run out. */
  renewIceAt: number | null
  /** Since when it has been signed in and in no room; null: it is in one, or not signed in. Seen by the tick. */
  idleSince: number | null
  readonly limits: { message: TokenBucket; signal: TokenBucket; flood: TokenBucket }
  strikes: number
  /** The room token that has let this client in last, or into the lobby: it is spent. */
  joinedWith: string | null
  /** Frames that came while one that changes the session's state was being worked on; null: none is. */
  waiting: Buffer[] | null
  /** The answers: of this socket, and from joining on of the participant's session. */
  answers: Answers
}
