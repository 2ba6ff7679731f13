import type { LinkHeld } from '@parley/contracts'
import type { PeerSocket } from './local-session.ts'

/** A client's socket as its connection sees it: opened here, or held by a gateway. */
export interface ClientSocket extends PeerSocket {
  readonly open: boolean
  /** The code that it was closed with from here, if it was. */
  readonly closedWith: number | null
  /** Frames that wait to be written. */
  readonly waiting: number
  /** Closes a socket that does not take what is waiting for it; called on a timer. `now` in ms. */
  check(now: number): void
  /** Tells who holds the socket what the session can be resumed with elsewhere. Absent where the socket ends with this node. */
  hold?(held: LinkHeld): void
  /** A frame has come; `finished` follows when it is done and its answer, if any, was sent. */
  began?(): void
  finished?(): void
}
