import type { Change } from '@parley/contracts'
import type { Clock } from '@parley/kit'
import type { LocalSession } from '../session/local-session.ts'
import { Pace } from '../socket/pace.ts'
import { WriteBatch } from '../socket/write-batch.ts'
import type { VersionedFrame } from './batch.ts'
import { messageFrame } from './frames.ts'
import { deltaBetween, snapshotFor, type ChatHead, type RoomState } from './state.ts'

interface Deps {
  clock: Clock
  onDelivered(count: number): void
}

/** How somebody went; `by` is a user. */
interface Going {
  reason: string
  by?: string | undefined
  ban?: boolean | undefined
}

/** Who removed somebody, to clients: `by` is a participant, as everywhere; by REST one may do it from outside of the room. */
function remover({ seats }: RoomState, userId: string): { by?: string; byUserId: string } {
  const seat = [...seats.values()].find(({ participant }) => participant.userId === userId)
  return { ...(seat && { by: seat.participant.id }), byUserId: userId }
}

/** The sessions of one room on this node, and what they are told. */
export class RoomSessions {
  /** By participant id. */
  readonly all = new Map<string, LocalSession>()
  readonly #deps: Deps
  readonly #batch = new WriteBatch()
  readonly #pace = new Pace()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Sends a frame that is not state to everybody here but `except`. */
  broadcast(frame: Buffer, options: { except?: string; droppable?: boolean } = {}): void {
    const delivery = { batch: this.#pacedBatch(), droppable: options.droppable ?? false }
    for (const session of this.all.values()) {
      if (session.participantId !== options.except) session.deliver(frame, null, delivery)
    }
    this.#deps.onDelivered(this.all.size)
  }

  /** Tells what led to a committed state. */
  tellChanges(next: RoomState, frames: readonly VersionedFrame[], changes: readonly Change[]): void {
    for (const change of changes) if (change.kind === 'left') this.#sendAway(change.participantId, next, change)
    const delivery = { batch: this.#pacedBatch() }
    for (const session of this.all.values()) for (const { v, frame } of frames) session.deliver(frame, v, delivery)
    this.#deps.onDelivered(this.all.size * frames.length)
    if (next.ended) this.#closeAll('meetingEnded')
  }

  /** Tells the difference between what they have seen and what is so now. */
  tellDelta(before: RoomState, next: RoomState): void {
    if (next.ended) return this.#end(next.ended)
    const frame = messageFrame({ type: 'room.delta', payload: deltaBetween(before, next) })
    for (const session of this.all.values()) session.deliver(frame, next.v)
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
    const { by, ban } = departure
    const payload = { reason: ban ? 'banned' : 'removed', ...(by && remover(next, by)) }
    session.close('removed', messageFrame({ type: 'room.kicked', payload }))
  }

  #end(reason: NonNullable<RoomState['ended']>): void {
    const frame = messageFrame({ type: 'room.ended', payload: { reason } })
    for (const session of this.all.values()) session.deliver(frame, null)
    this.#closeAll('meetingEnded')
  }

  /** A session on its way in stays: the commit under way decides what becomes of them. */
  #closeAll(why: 'meetingEnded' | 'serverGoingAway'): void {
    for (const [id, session] of this.all) {
      session.close(why)
      if (!session.entering) this.all.delete(id)
    }
  }

  /** A broadcast leaves at once while the room is quiet; else within the window of its pace. */
  #pacedBatch(): WriteBatch {
    this.#batch.waitMs = this.#pace.next(this.#deps.clock.monotonic())
    return this.#batch
  }
}
