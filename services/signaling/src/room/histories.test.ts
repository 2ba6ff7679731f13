import { describe, expect, it } from 'vitest'
import { checkHistories } from '../testing/histories/check.ts'
import { protocolFold } from '../testing/histories/fold.ts'

const commands =
  'join resume leave socket-lost reclaim grace-over media hand mute mute-all lower-hand spotlight remove role'
const occurs = `${commands} meeting-updated end`.split(' ').map((kind) => `${kind} done`)
const refusals = [
  'join refused: room-token-invalid',
  'join refused: meeting-full',
  'join refused: meeting-over',
  'resume refused: resume-failed',
  'media refused: forbidden',
  'mute refused: forbidden',
  'spotlight refused: forbidden',
]
const participants = 'participant.joined participant.updated participant.left media.changed hand.changed'
const events = `${participants} meeting.updated room.ended`.split(' ').map((type) => `event ${type}`)
const catchingUp = ['delta of the store', 'delta between states', 'snapshot'].map((way) => `caught up by ${way}`)

describe('T24 histories', () => {
  it('5,000 histories of up to 50 happenings keep every promise, and events on an old snapshot are a fresh one', () => {
    const counts = checkHistories({ histories: 5_000, length: 50, reducer: protocolFold })
    console.log(`T24: ${[...counts].map(([what, count]) => `${what} ${count}`).join(', ')}`)
    for (const what of [...occurs, ...refusals, ...events, ...catchingUp])
      expect([what, counts.get(what) ?? 0]).toEqual([what, expect.toSatisfy((count: number) => count > 0)])
  }, 120_000)
})
