import type { Guest } from '../product/people.ts'

/** The commands for a worker of a crowd, one after the other; each is answered with a `Done`. */
export type Order =
  /** Opens sockets to the product, and joins. */
  | { kind: 'join'; url: string; guests: Guest[] }
  /** Opens sockets to a peer, so many to each room. */
  | { kind: 'open'; peer: 'bare' | 'socket.io'; url: string; rooms: number; people: number }
  /** Somebody of each room sends one message that goes to all in it; those of the product, at least. */
  | { kind: 'speak' }
  /** How many broadcasts came to these sockets. */
  | { kind: 'count' }
  /** Cuts all sockets at once and resumes every session as fast as it goes. */
  | { kind: 'resume' }

export interface Done {
  count: number
  failed: number
  /** Of those that failed, a few reasons. */
  reasons: string[]
  /** How long each took, ms. */
  delays: number[]
}
