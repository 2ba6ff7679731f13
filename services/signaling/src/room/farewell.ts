import { messageFrame } from './frames.ts'
import type { EndReason, RoomState } from './state.ts'

/** The last frame of a participant whose socket closes, and why it closes. */
export interface Farewell {
  why: 'meetingEnded' | 'removed'
  frame: Buffer
}

/** A removal; `by` is a user. */
interface Removal {
  by?: string | undefined
  ban?: boolean | undefined
}

/** The farewell that a room owes somebody who is not in it any more; null where it knows of no end and no removal. */
export function farewellOf(state: RoomState, participantId: string): Farewell | null {
  if (state.ended) return endOf(state.ended)
  const departure = state.departures.get(participantId)
  return departure?.reason === 'kicked' ? removalOf(state, departure) : null
}

export const endOf = (reason: EndReason): Farewell => ({
  why: 'meetingEnded',
  frame: messageFrame({ type: 'room.ended', payload: { reason } }),
})

export const removalOf = (state: RoomState, { by, ban }: Removal): Farewell => ({
  why: 'removed',
  frame: messageFrame({
    type: 'room.kicked',
    payload: { reason: ban ? 'banned' : 'removed', ...(by && remover(state, by)) },
  }),
})

/** The remover, as clients see it: `by` is a participant, as everywhere; by REST one may do it from outside of the room. */
function remover({ seats }: RoomState, userId: string): { by?: string; byUserId: string } {
  const seat = [...seats.values()].find(({ participant }) => participant.userId === userId)
  return { ...(seat && { by: seat.participant.id }), byUserId: userId }
}
