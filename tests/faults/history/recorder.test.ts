import { describe, expect, it } from 'vitest'
import { checkNobodyElseHeard } from './check-members.ts'
import { emptyHistory } from './history.ts'
import { Recorder, type Frame } from './recorder.ts'

const joined = (id: string, chatSeq = 0): Frame => ({
  type: 'room.joined',
  payload: { meeting: { id }, selfParticipant: { id: `one in ${id}` }, chatSeq },
})
const hand = (participantId: string): Frame => ({ type: 'hand.changed', payload: { participantId } })
const { stored, views, truth, standings, contents } = emptyHistory
const nothing = { stored, views, truth, standings, contents, processes: [] }

describe('the recorder', () => {
  it('H4 keeps only a count of what members got, and every event that somebody else did', () => {
    const recorder = new Recorder()
    recorder.frameIn('ann', joined('r'))
    recorder.frameIn('bob', joined('other'))
    for (let n = 0; n < 100; n += 1) recorder.frameIn('ann', hand('one in r'))
    expect(recorder.received).toEqual([])
    recorder.frameIn('bob', hand('one in r'))
    recorder.left('ann')
    recorder.frameIn('ann', hand('one in r'))
    const history = recorder.history(nothing)
    expect(history.received.map(({ client }) => client)).toEqual(['bob', 'ann'])
    const { looked, breaches } = checkNobodyElseHeard(history)
    expect([looked, breaches[0]]).toEqual([102, 'bob got hand.changed of room r from outside'])
  })

  it('knows behind which message somebody came in', () => {
    const recorder = new Recorder()
    recorder.frameIn('ann', joined('r', 7))
    expect([recorder.chatSeqOf('ann'), recorder.chatSeqOf('bob')]).toEqual([7, 0])
  })
})
