import { expect, it } from 'vitest'
import { applyServerMessage, rosterOf, type Roster } from '../../packages/client/src/room-state.ts'
import { checkHistories } from '../../services/signaling/src/testing/histories/check.ts'
import type { Reducer } from '../../services/signaling/src/testing/histories/play.ts'

/** The SDK's own model of a room; a broadcast that it does not take at once would be a gap, and there are none here. */
const sdk: Reducer<Roster> = {
  from: rosterOf,
  apply(roster, message) {
    const applied = applyServerMessage(roster, message)
    if (applied.is === 'gap') throw new Error(`the SDK sees a gap before ${JSON.stringify(message)}`)
    return applied.is === 'applied' ? applied.roster : roster
  },
  look: ({ v, meeting, recording, self, peers }) => ({
    v,
    meeting,
    recording,
    participants: new Map([self, ...peers].map((one) => [one.id, one])),
  }),
}

it('T24 in 5,000 histories the SDK, fed events, deltas and snapshots, sees what a fresh snapshot of the node says', () => {
  const counts = checkHistories({ histories: 5_000, length: 50, reducer: sdk })
  const events = ['participant.joined', 'participant.updated', 'participant.left', 'media.changed', 'hand.changed']
  for (const what of [...events, 'meeting.updated', 'recording.changed', 'room.ended'].map((type) => `event ${type}`))
    expect([what, counts.get(what) ?? 0]).toEqual([what, expect.toSatisfy((count: number) => count > 100)])
  for (const way of ['delta of the store', 'delta between states', 'snapshot'])
    expect([way, counts.get(`caught up by ${way}`) ?? 0]).toEqual([way, expect.toSatisfy((n: number) => n > 100)])
}, 120_000)
