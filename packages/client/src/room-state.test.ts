import type { Participant, ServerMessage } from '@parley/contracts'
import { describe, expect, test } from 'vitest'
import { applyServerMessage, snapshotOf, type Roster } from './room-state.ts'
import { pick, randomOf } from './testing/random.ts'
import { id, sampleMeeting, sampleMessage, sampleParticipant } from './testing/samples.ts'

const start: Roster = {
  meeting: sampleMeeting(),
  self: sampleParticipant(1),
  peers: [sampleParticipant(2), sampleParticipant(3)],
  v: 5,
  recording: null,
  lobby: [],
  lv: -1,
}
const participantId = id(2)
const waiting = { participantId: id(8), userId: id(508), name: 'Eve', guest: true, position: 1, askedAt: '' }

describe('R3 applyServerMessage', () => {
  const applies: [string, ServerMessage, Partial<Roster>][] = [
    [
      'participant.joined',
      { type: 'participant.joined', payload: { v: 6, participant: sampleParticipant(4) } },
      { peers: [...start.peers, sampleParticipant(4)], v: 6 },
    ],
    [
      'participant.joined of one who is here',
      { type: 'participant.joined', payload: { v: 6, participant: sampleParticipant(2, { name: 'X' }) } },
      { peers: [sampleParticipant(2, { name: 'X' }), sampleParticipant(3)], v: 6 },
    ],
    [
      'participant.updated',
      { type: 'participant.updated', payload: { v: 6, participantId, connection: 'reconnecting', role: 'cohost' } },
      { peers: [sampleParticipant(2, { connection: 'reconnecting', role: 'cohost' }), sampleParticipant(3)], v: 6 },
    ],
    [
      'participant.updated into the spotlight',
      { type: 'participant.updated', payload: { v: 6, participantId, spotlight: true } },
      { peers: [sampleParticipant(2, { spotlight: true }), sampleParticipant(3)], v: 6 },
    ],
    [
      'participant.updated of oneself',
      { type: 'participant.updated', payload: { v: 6, participantId: id(1), name: 'Me' } },
      { self: sampleParticipant(1, { name: 'Me' }), v: 6 },
    ],
    [
      'participant.left',
      { type: 'participant.left', payload: { v: 6, participantId, reason: 'left' } },
      { peers: [sampleParticipant(3)], v: 6 },
    ],
    [
      'media.changed',
      { type: 'media.changed', payload: { v: 6, participantId, mic: false, cam: true, screen: true, by: id(1) } },
      { peers: [sampleParticipant(2, { mic: false, screen: true }), sampleParticipant(3)], v: 6 },
    ],
    [
      'hand.changed',
      { type: 'hand.changed', payload: { v: 6, participantId, raised: true, position: 1, hand: 17 } },
      { peers: [sampleParticipant(2, { hand: 17 }), sampleParticipant(3)], v: 6 },
    ],
    [
      'meeting.updated',
      { type: 'meeting.updated', payload: { v: 6, meeting: sampleMeeting({ title: 'New' }) } },
      { meeting: sampleMeeting({ title: 'New' }), v: 6 },
    ],
    [
      'a change of somebody unknown',
      { type: 'hand.changed', payload: { v: 6, participantId: id(99), raised: true, position: 1, hand: 1 } },
      { v: 6 },
    ],
    [
      'room.delta',
      {
        type: 'room.delta',
        payload: { v: 30, upserts: [sampleParticipant(1, { role: 'host' }), sampleParticipant(9)], left: [id(3)] },
      },
      { self: sampleParticipant(1, { role: 'host' }), peers: [sampleParticipant(2), sampleParticipant(9)], v: 30 },
    ],
    [
      'room.delta with the meeting',
      { type: 'room.delta', payload: { v: 6, upserts: [], left: [], meeting: sampleMeeting({ version: 2 }) } },
      { meeting: sampleMeeting({ version: 2 }), v: 6 },
    ],
    ['room.delta of now', { type: 'room.delta', payload: { v: 5, upserts: [], left: [] } }, {}],
    ['lobby.updated', { type: 'lobby.updated', payload: { lv: 0, lobby: [waiting] } }, { lv: 0, lobby: [waiting] }],
    [
      'lobby.changed',
      { type: 'lobby.changed', payload: { lv: 3, follows: -1, upserts: [waiting], left: [] } },
      { lv: 3, lobby: [waiting] },
    ],
    [
      'room.snapshot with the lobby',
      {
        type: 'room.snapshot',
        payload: {
          meeting: sampleMeeting(),
          selfParticipant: sampleParticipant(1),
          peers: [],
          v: 9,
          chatSeq: 0,
          lv: 4,
          lobby: [waiting],
        },
      },
      { peers: [], v: 9, lv: 4, lobby: [waiting] },
    ],
    [
      'room.snapshot, also of an earlier version',
      {
        type: 'room.snapshot',
        payload: { meeting: sampleMeeting(), selfParticipant: sampleParticipant(1), peers: [], v: 2, chatSeq: 0 },
      },
      { peers: [], v: 2 },
    ],
  ]
  test.each(applies)('%s applies', (_, message, changes) => {
    expect(applyServerMessage(start, message)).toEqual({ is: 'applied', roster: { ...start, ...changes } })
  })

  test('R5 lobby.changed moves those behind up, and tells of a change that was missed', () => {
    const entries = ['a', 'b', 'c'].map((name, at) => ({
      ...waiting,
      participantId: `p-${name}`,
      name,
      position: at + 1,
    }))
    const shown = { ...start, lv: 4, lobby: entries }
    const payload = { lv: 7, follows: 4, upserts: [], left: ['p-a'] }
    const change: ServerMessage = { type: 'lobby.changed', payload }
    const applied = applyServerMessage(shown, change)
    expect(applied.is === 'applied' && applied.roster.lobby.map(({ name, position }) => [name, position])).toEqual([
      ['b', 1],
      ['c', 2],
    ])
    const later: ServerMessage = { type: 'lobby.changed', payload: { ...payload, follows: 6 } }
    expect(applyServerMessage(shown, later)).toEqual({ is: 'lobby-gap' })
    expect(applyServerMessage({ ...shown, lv: 7 }, change)).toEqual({ is: 'ignored' })
  })

  const ignored: [string, ServerMessage][] = [
    ['an older version', { type: 'participant.left', payload: { v: 4, participantId, reason: 'left' } }],
    ['the same version', { type: 'participant.left', payload: { v: 5, participantId, reason: 'left' } }],
    ['an older lobby', { type: 'lobby.updated', payload: { lv: -1, lobby: [waiting] } }],
    ['an older delta', { type: 'room.delta', payload: { v: 4, upserts: [], left: [participantId] } }],
    ['a ping that knows no more', { type: 'ping', payload: { v: 5, chatSeq: 9, serverTime: '' } }],
    ['what is not state', { type: 'chat.message', payload: { message: sampleMessage(1) } }],
  ]
  test.each(ignored)('%s is ignored', (_, message) => {
    expect(applyServerMessage(start, message)).toEqual({ is: 'ignored' })
  })

  const gaps: [string, ServerMessage][] = [
    ['a version that skips one', { type: 'participant.left', payload: { v: 7, participantId, reason: 'left' } }],
    ['a ping that knows more', { type: 'ping', payload: { v: 6, chatSeq: 0, serverTime: '' } }],
  ]
  test.each(gaps)('%s is a gap', (_, message) => {
    expect(applyServerMessage(start, message)).toEqual({ is: 'gap' })
  })

  test('a delta since 0 makes a snapshot', () => {
    const upserts = [sampleParticipant(2), sampleParticipant(1, { hand: 4 })]
    const snapshot = snapshotOf({ v: 8, upserts, left: [] }, start, 3)
    expect(snapshot).toEqual({
      meeting: start.meeting,
      selfParticipant: upserts[1],
      peers: [upserts[0]],
      v: 8,
      chatSeq: 3,
    })
  })
})

/** A room that does random things, and remembers when each participant changed: what a delta is made of. */
function modelRoom(random: () => number) {
  const people = new Map<string, Participant>([[id(1), sampleParticipant(1)]])
  const touched = new Map<string, number>()
  let meeting = sampleMeeting()
  let meetingAt = 0
  let v = 0
  let next = 2
  const change = (key: string, changes: Partial<Participant>) => {
    const before = people.get(key)
    if (before) people.set(key, { ...before, ...changes })
  }
  const act = (key: string): ServerMessage => {
    const flip = () => random() < 0.5
    switch (Math.floor(random() * 6)) {
      case 0: {
        const participant = sampleParticipant(next++)
        people.set(participant.id, participant)
        touched.set(participant.id, v)
        return { type: 'participant.joined', payload: { v, participant } }
      }
      case 1: {
        if (key === id(1)) break
        people.delete(key)
        return { type: 'participant.left', payload: { v, participantId: key, reason: 'timeout' } }
      }
      case 2: {
        const media = { mic: flip(), cam: flip(), screen: flip() }
        change(key, media)
        return { type: 'media.changed', payload: { v, participantId: key, ...media } }
      }
      case 3: {
        const hand = flip() ? v : null
        change(key, { hand })
        return {
          type: 'hand.changed',
          payload: { v, participantId: key, raised: hand !== null, position: hand === null ? null : 1, hand },
        }
      }
      case 4: {
        meeting = sampleMeeting({ version: v })
        meetingAt = v
        return { type: 'meeting.updated', payload: { v, meeting } }
      }
    }
    const connection = flip() ? ('connected' as const) : ('reconnecting' as const)
    change(key, { connection })
    return { type: 'participant.updated', payload: { v, participantId: key, connection } }
  }
  return {
    step(): ServerMessage {
      v++
      const key = pick(random, [...people.keys()]) ?? id(1)
      touched.set(key, v)
      return act(key)
    },
    delta(since: number): ServerMessage {
      const keys = [...touched].filter(([, at]) => at > since).map(([key]) => key)
      const upserts = keys.flatMap((key) => people.get(key) ?? [])
      const left = keys.filter((key) => !people.has(key))
      return { type: 'room.delta', payload: { v, upserts, left, ...(meetingAt > since ? { meeting } : {}) } }
    },
    roster: () => ({ meeting, v, people: [...people.values()].toSorted((a, b) => a.id.localeCompare(b.id)) }),
  }
}

test('T24 events with losses, repetitions and deltas come to the same as a fresh snapshot', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = randomOf(seed)
    const room = modelRoom(random)
    let seen: Roster = { ...start, meeting: sampleMeeting(), self: sampleParticipant(1), peers: [], v: 0 }
    const take = (message: ServerMessage): void => {
      const applied = applyServerMessage(seen, message)
      if (applied.is === 'applied') seen = applied.roster
      if (applied.is === 'gap') take(room.delta(seen.v))
    }
    const sent: ServerMessage[] = []
    for (let step = 0; step < 50; step++) {
      const message = room.step()
      sent.push(message)
      if (random() < 0.8) take(message)
      if (random() < 0.1) take(pick(random, sent) ?? message)
    }
    const { v, ...truth } = room.roster()
    take({ type: 'ping', payload: { v, chatSeq: 0, serverTime: '' } })
    const people = [seen.self, ...seen.peers].toSorted((a, b) => a.id.localeCompare(b.id))
    expect({ meeting: seen.meeting, people, v: seen.v }, `seed ${seed}`).toEqual({ ...truth, v })
  }
})
