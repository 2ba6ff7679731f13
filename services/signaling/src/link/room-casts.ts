import { toGateway, type CastClass } from '@parley/contracts'
import { castBody, maxExceptions, numberBody } from '@parley/kit'
import type { CastCover } from '../session/local-session.ts'
import type { Link } from './link.ts'
import type { LinkSocket } from './link-socket.ts'

/** The sockets of one room that share one link, as its gateway knows them. */
export interface CastGroup {
  readonly id: number
  readonly link: Link
  readonly members: Set<LinkSocket>
  /** In the cast that is being made. */
  covered: number
}

/**
 * Broadcasts of one room, one copy for each link. The members of a group at the gateway follow from the covered sessions: it is put right
 * with each cast, so that nothing else has to tell of it.
 */
export class RoomCasts implements CastCover {
  readonly #groups = new Map<Link, CastGroup>()
  /** Counts the casts. */
  #round = 0

  begin(): this {
    this.#round += 1
    for (const group of this.#groups.values()) group.covered = 0
    return this
  }

  cover(socket: LinkSocket): void {
    const group = socket.group?.casts === this ? socket.group.group : this.#admit(socket)
    if (socket.coveredIn === this.#round) return
    socket.coveredIn = this.#round
    group.covered += 1
  }

  send(frame: Buffer, { v, kind }: { v: number; kind: CastClass }): void {
    for (const group of this.#groups.values()) {
      if (group.covered > 0) this.#sendTo(group, { frame, v, kind })
      else if (group.members.size === 0) this.#groups.delete(group.link)
    }
  }

  #sendTo(group: CastGroup, { frame, v, kind }: { frame: Buffer; v: number; kind: CastClass }): void {
    const { link, members } = group
    const except: number[] = []
    // A session that is not covered has left, is on the way in again, or is not meant: then the next cast has them back.
    if (group.covered < members.size) {
      for (const socket of members) {
        if (socket.coveredIn === this.#round) continue
        if (except.length < maxExceptions) except.push(socket.id)
        else this.#dismiss(group, socket)
      }
    }
    link.write(toGateway.cast, group.id, castBody({ kind, v, except, frame }))
  }

  #admit(socket: LinkSocket): CastGroup {
    socket.leaveGroup()
    const { link } = socket
    const group = this.#groups.get(link) ?? { id: link.newGroupId(), link, members: new Set(), covered: 0 }
    this.#groups.set(link, group)
    group.members.add(socket)
    socket.group = { casts: this, group }
    socket.coveredIn = 0
    link.write(toGateway.join, group.id, numberBody(socket.id))
    return group
  }

  #dismiss(group: CastGroup, socket: LinkSocket): void {
    group.members.delete(socket)
    socket.leaveGroup()
  }
}
