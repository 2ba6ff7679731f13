import { closeCodes, toGateway, type CloseReason, type LinkClose, type LinkHeld } from '@parley/contracts'
import { jsonBody, numberBody } from '@parley/kit'
import type { ClientSocket } from '../session/client-socket.ts'
import type { Link } from './link.ts'
import type { CastCover } from '../session/local-session.ts'
import type { CastGroup, RoomCasts } from './room-casts.ts'

/**
 * A client's socket that a gateway holds: what is written goes over the link. The gateway judges how slow a client is, for it sees
 * what waits.
 */
export class LinkSocket implements ClientSocket {
  readonly id: number
  readonly link: Link
  /** Where broadcasts reach it, see `RoomCasts`. */
  group: { casts: RoomCasts; group: CastGroup } | null = null
  /** The last round of its group's casts that reached it. */
  coveredIn = 0
  closedWith: number | null = null
  /** The gateway tells of a client that does not take what waits for it. */
  idle = true
  #open = true
  #taken = 0
  #underWay = 0

  constructor(link: Link, id: number) {
    this.link = link
    this.id = id
  }

  get open(): boolean {
    return this.#open
  }

  send(frame: Buffer, isSignal = false): void {
    if (this.#open) this.link.write(isSignal ? toGateway.signal : toGateway.send, this.id, frame)
  }

  castWith(cast: CastCover): void {
    if (this.#open) cast.cover(this)
  }

  /** The client is gone, or the link: nothing can be said any more. */
  gone(): void {
    this.#open = false
    this.leaveGroup('gateway knows')
  }

  close(reason: CloseReason, text: string = reason): void {
    if (!this.#open) return
    this.closedWith = closeCodes[reason].code
    this.link.write(toGateway.close, this.id, jsonBody({ reason, text } satisfies LinkClose))
    this.gone()
    this.link.closed(this)
  }

  hold(held: LinkHeld): void {
    if (this.#open) this.link.write(toGateway.hold, this.id, jsonBody(held))
  }

  began(): void {
    this.#taken += 1
    this.#underWay += 1
  }

  finished(): void {
    this.#underWay -= 1
    if (this.#underWay === 0 && this.#open) this.link.write(toGateway.done, this.id, numberBody(this.#taken))
  }

  /** `gateway knows`: it takes the socket out by itself. */
  leaveGroup(who: 'gateway knows' | 'tell' = 'tell'): void {
    const { group } = this.group ?? {}
    this.group = null
    if (group === undefined) return
    group.members.delete(this)
    if (who === 'tell') this.link.write(toGateway.leave, group.id, numberBody(this.id))
  }
}
