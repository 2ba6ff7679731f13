import type { RoomChange } from '@parley/contracts'
import { RoomCasts } from '../link/room-casts.ts'
import type { LocalSession } from '../session/local-session.ts'
import type { VersionedFrame } from './batch.ts'
import { endOf, removalOf } from './farewell.ts'
import { messageFrame } from './frames.ts'
import { deltaBetween, snapshotFor, type ChatHead, type RoomState } from './state.ts'

interface Deps {
  onDelivered(count: number): void
}

interface Telling {
  except?: string
  /** Not for a client that is slow. */
  droppable?: boolean
}

/** How somebody went; `by` is a user. */
interface Going {
  reason: string
  by?: string | undefined
  ban?: boolean | undefined
}

/** The sessions of one room on this node, and what they are told. */
export class RoomSessions {
  /** By participant id. */
  readonly all = new Map<string, LocalSession>()
  readonly #deps: Deps
  readonly #casts = new RoomCasts()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Sends a frame that is not state to everybody here but `except`. */
  broadcast(frame: Buffer, how: Telling = {}): void {
    this.#tell(frame, null, how)
    this.#deps.onDelivered(this.all.size)
  }

  /** Tells what led to a committed state. */
  tellChanges(next: RoomState, frames: readonly VersionedFrame[], changes: readonly RoomChange[]): void {
    for (const change of changes) if (change.kind === 'left') this.#sendAway(change.participantId, next, change)
    for (const { v, frame } of frames) this.#tell(frame, v)
    this.#deps.onDelivered(this.all.size * frames.length)
    if (next.ended) this.#closeAll('meetingEnded', endOf(next.ended).frame)
  }

  /** Tells the difference between what they have seen and what is so now. */
  tellDelta(before: RoomState, next: RoomState): void {
    if (next.ended) return this.#end(next.ended)
    const frame = messageFrame({ type: 'room.delta', payload: deltaBetween(before, next) })
    this.#tell(frame, next.v)
    for (const id of before.seats.keys()) if (!next.seats.has(id)) this.#sendAway(id, next, next.departures.get(id))
  }

  /** Tells everybody the whole state. */
  tellSnapshot(next: RoomState, chat: ChatHead): void {
    if (next.ended) return this.#end(next.ended)
    for (const [id, session] of this.all) {
      const self = next.seats.get(id)?.participant
      if (self) session.deliver(messageFrame({ type: 'room.snapshot', payload: snapshotFor(next, self, chat) }), next.v)
      else this.#sendAway(id, next, next.departures.get(id))
    }
  }

  /** It is not known what has become of the room: the way back asks. */
  sendElsewhere(): void {
    this.#closeAll('serverGoingAway')
  }

  /**
   * Closes the socket of a participant who is not in the room any more, and says why. Somebody for whom no reason is known was not
   * removed for all we know: coming back asks meetings.
   */
  #sendAway(participantId: string, next: RoomState, departure: Going | undefined): void {
    const session = this.all.get(participantId)
    if (!session?.attached) return
    this.all.delete(participantId)
    if (departure?.reason === 'left') return session.close('normal')
    if (departure?.reason !== 'kicked') return session.close('serverGoingAway')
    const { why, frame } = removalOf(next, departure)
    session.close(why, frame)
  }

  #end(reason: NonNullable<RoomState['ended']>): void {
    const { frame } = endOf(reason)
    this.#tell(frame, null)
    this.#closeAll('meetingEnded', frame)
  }

  /** One frame for everybody here but `except`: one copy for all who share a link. */
  #tell(frame: Buffer, v: number | null, { except, droppable = false }: Telling = {}): void {
    const cast = this.#casts.begin()
    for (const session of this.all.values()) if (session.participantId !== except) session.deliver(frame, v, cast)
    cast.send(frame, { v: v ?? 0, kind: droppable ? 'passing' : 'state' })
  }

  /**
   * A session on its way in stays: the commit under way decides what becomes of them. One whose answer has yet to go out has not had the
   * `farewell` that was told to all: it is held back, and ends with its socket.
   */
  #closeAll(why: 'meetingEnded' | 'serverGoingAway', farewell?: Buffer): void {
    for (const [id, session] of this.all) {
      session.close(why, session.holding ? farewell : undefined)
      if (!session.entering) this.all.delete(id)
    }
  }
}
