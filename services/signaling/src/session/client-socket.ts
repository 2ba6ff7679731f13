import type { LinkHeld } from '@parley/contracts'
import type { PeerSocket } from './local-session.ts'

/** A client's socket, which a gateway holds, as its connection sees it. */
export interface ClientSocket extends PeerSocket {
  readonly open: boolean
  /** The code that it was closed with from here, if it was. */
  readonly closedWith: number | null
  /** Tells the gateway what the session can be resumed with elsewhere. */
  hold(held: LinkHeld): void
  /** A frame has come; `finished` follows when it is done and its answer, if any, was sent. */
  began(): void
  finished(): void
}
