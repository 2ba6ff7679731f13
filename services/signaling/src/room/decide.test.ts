import { wire, type RoomChange } from '@parley/contracts'
import { newId } from '@parley/kit'
import { describe, expect, it } from 'vitest'
import { aMeeting } from '../testing/harness.ts'
import { apply, factsOf, render } from './apply.ts'
import { decide, type Command } from './decide.ts'
import { draft, emptyRoom, type RoomDraft, type RoomState } from './state.ts'

const meeting = aMeeting()
const node = 'n1'
const aSeat = (id: string, role: 'host' | 'participant' = 'participant') => ({
  participant: {
    id,
    userId: `u-${id}`,
    name: id,
    role,
    guest: false,
    mic: true,
    cam: true,
    screen: false,
    hand: null,
    connection: 'connected' as const,
    joinedAt: '2026-01-01T00:00:00.000Z',
  },
  node,
  sessionId: `s-${id}`,
  resumeHash: `h-${id}`,
  lostAt: null,
})
const join = (id: string, role?: 'host' | 'participant'): Command => ({ kind: 'join', seat: aSeat(id, role), meeting })

function run(room: RoomDraft, command: Command, now = 0): RoomChange[] {
  const changes = decide(room, command, now)
  if (!Array.isArray(changes)) throw new Error(changes.refused)
  for (const change of changes) apply(room, change)
  return changes
}

function roomOf(...ids: string[]): RoomDraft {
  const room = draft(emptyRoom(meeting.id, newId()))
  for (const id of ids) run(room, join(id, id === 'host' ? 'host' : 'participant'))
  return room
}

type SeatLike = ReturnType<typeof aSeat>
/** A seat of this person. */
const of = (userId: string, seat: SeatLike): SeatLike => ({ ...seat, participant: { ...seat.participant, userId } })
/** A room in which one person sits several times. */
function seatedAs(userId: string, ...ids: string[]): RoomDraft {
  const room = roomOf()
  for (const id of ids) run(room, { kind: 'join', seat: of(userId, aSeat(id)), meeting })
  return room
}
/** The same, and the first of these has lost its place. */
function parkedBeside(userId: string, ...ids: string[]): RoomDraft {
  const parked = ids.at(-1) ?? ''
  const room = seatedAs(userId, parked)
  run(room, { kind: 'socket-lost', by: parked, sessionId: `s-${parked}`, node })
  run(room, { kind: 'grace-over', by: parked, sessionId: `s-${parked}` }, wire.graceMs)
  for (const id of ids.slice(0, -1)) run(room, { kind: 'join', seat: of(userId, aSeat(id)), meeting })
  return room
}
const resumeOf = (id: string) =>
  ({
    kind: 'resume',
    participantId: id,
    userId: `u-${id}`,
    sessionId: `s-${id}`,
    node,
    resumeHash: `h-${id}`,
    newResumeHash: 'i',
  }) as const
const lost = (id: string): Command => ({ kind: 'socket-lost', by: id, sessionId: `s-${id}`, node })

describe('places in a room', () => {
  const small = { ...meeting, maxParticipants: 2 }
  const joins = (seat: SeatLike): Command => ({ kind: 'join', seat, meeting: small })

  it('X2 the host gets in though others have taken all places', () => {
    const room = roomOf('a', 'b')
    run(room, joins(aSeat('host', 'host')))
    expect([...room.seats.keys()]).toEqual(['a', 'b', 'host'])
  })

  it('M17 a limit of people counts nobody twice', () => {
    const room = seatedAs('ada', 'laptop', 'phone', 'tablet')
    run(room, joins(aSeat('ben')))
    expect(room.seats.size).toBe(4)
    expect(decide(room, joins(aSeat('cleo')), 0)).toMatchObject({ refused: 'meeting-full' })
  })

  it('complaint 7: a user who joins again takes their held place, also in a full meeting', () => {
    const room = roomOf('a', 'b')
    run(room, lost('b'))
    run(room, joins(of('u-b', aSeat('again'))), 5_000)
    expect([...room.seats.keys()]).toEqual(['a', 'again'])
    // The other device may still come back, as after any grace.
    expect([...room.parked.keys()]).toEqual(['b'])
    expect(decide(room, joins(aSeat('c')), 5_000)).toMatchObject({ refused: 'meeting-full' })
  })

  it('X2 of many places that are held for one person the one lost first goes', () => {
    const room = seatedAs('eve', 'a', 'b', 'c')
    run(room, lost('b'), 1_000)
    run(room, lost('a'), 2_000)
    run(room, joins(of('eve', aSeat('d'))), 3_000)
    expect([...room.seats.keys()]).toEqual(['a', 'c', 'd'])
  })

  it('X2 joining and dropping again and again makes no room grow', () => {
    const room = roomOf('host')
    for (let n = 0; n < 20; n += 1) {
      run(room, { kind: 'join', seat: of('eve', aSeat(`e${n}`)), meeting }, n)
      run(room, lost(`e${n}`), n)
    }
    expect(room.seats.size).toBe(2)
    expect(room.parked.size).toBeLessThanOrEqual(4)
  })
})

describe('the rules of a room', () => {
  const refusals: [string, RoomState, Command, string][] = [
    [
      'R4 a participant mutes nobody',
      roomOf('host', 'a', 'b'),
      { kind: 'mute', by: 'a', target: 'b', media: 'mic' },
      'forbidden',
    ],
    ['R4 nor all', roomOf('host', 'a'), { kind: 'mute-all', by: 'a', media: 'mic' }, 'forbidden'],
    [
      'R4 the host is not muted',
      roomOf('host', 'a'),
      { kind: 'mute', by: 'x', target: 'host', media: 'mic' },
      'forbidden',
    ],
    [
      'R4 a person who is not there is not muted',
      roomOf('host'),
      { kind: 'mute', by: 'host', target: 'x', media: 'mic' },
      'peer-not-found',
    ],
    [
      'R3 a person who is not there has no media',
      roomOf('a'),
      { kind: 'media', by: 'x', changed: { mic: true } },
      'peer-not-found',
    ],
    [
      'M17 a full meeting takes nobody',
      roomOf('a', 'b'),
      { kind: 'join', seat: aSeat('c'), meeting: { ...meeting, maxParticipants: 2 } },
      'meeting-full',
    ],
    [
      'X2 M17 one person takes three places, not four',
      seatedAs('eve', 'a', 'b', 'c'),
      { kind: 'join', seat: of('eve', aSeat('d')), meeting },
      'seat-limit',
    ],
    [
      'X2 the setting says how many',
      seatedAs('eve', 'a'),
      { kind: 'join', seat: of('eve', aSeat('b')), meeting, seatsPerPerson: 1 },
      'seat-limit',
    ],
    [
      'X2 a person who comes back finds no fourth place either',
      parkedBeside('eve', 'a', 'b', 'c', 'd'),
      { ...resumeOf('d'), userId: 'eve' },
      'seat-limit',
    ],
    [
      'M8 a participant enters once',
      roomOf('a'),
      { kind: 'join', seat: { ...aSeat('a'), sessionId: 'another' }, meeting },
      'room-token-invalid',
    ],
    [
      'R8 a session that never was',
      roomOf('a'),
      {
        kind: 'resume',
        participantId: 'x',
        userId: 'u-x',
        sessionId: 's-x',
        node,
        resumeHash: 'h',
        newResumeHash: 'i',
      },
      'resume-failed',
    ],
    [
      'R8 a wrong resume token',
      roomOf('a'),
      {
        kind: 'resume',
        participantId: 'a',
        userId: 'u-a',
        sessionId: 's-a',
        node,
        resumeHash: 'h',
        newResumeHash: 'i',
      },
      'resume-failed',
    ],
  ]
  it('R13 the same attempt to join takes its seat over, until its session was resumed', () => {
    const room = roomOf('a')
    const again = join('a')
    expect(run(room, again)).toMatchObject([{ kind: 'seat', participantId: 'a', connection: 'connected' }])
    run(room, resumeOf('a'))
    expect(decide(room, again, 0)).toMatchObject({ refused: 'room-token-invalid' })
  })
  it.each(refusals)('%s', (_name, room, command, code) => {
    expect(decide(room, command, 0)).toMatchObject({ refused: code })
  })

  it('R4 one at most is in the spotlight, and nobody brings it back from a lost session', () => {
    const room = roomOf('host', 'a', 'b')
    const lit = () =>
      [...room.seats.values()].filter(({ participant }) => participant.spotlight).map((seat) => seat.participant.id)
    const show = (target: string, on = true) => run(room, { kind: 'spotlight', by: 'host', target, on })
    expect(show('a')).toHaveLength(1)
    expect(show('a')).toEqual([])
    expect(show('b', false)).toEqual([])
    run(room, { kind: 'socket-lost', by: 'a', sessionId: 's-a', node })
    run(room, { kind: 'grace-over', by: 'a', sessionId: 's-a' }, wire.graceMs)
    expect(lit()).toEqual([])
    show('b')
    const token = { resumeHash: 'h-a', newResumeHash: 'h-a2' }
    run(room, { kind: 'resume', participantId: 'a', userId: 'u-a', sessionId: 's-a', node, ...token }, wire.graceMs)
    expect(lit()).toEqual(['b'])
    expect(show('host')).toHaveLength(2)
    expect(show('host', false)).toHaveLength(1)
    expect(lit()).toEqual([])
  })

  it('R3 hands are ordered by the server, and raising twice changes nothing', () => {
    const room = roomOf('a', 'b')
    const [first] = run(room, { kind: 'hand', by: 'b', raised: true })
    expect(first && render(first, room).payload).toMatchObject({ participantId: 'b', raised: true, position: 1 })
    const [second] = run(room, { kind: 'hand', by: 'a', raised: true })
    expect(second && render(second, room).payload).toMatchObject({ participantId: 'a', raised: true, position: 2 })
    expect(run(room, { kind: 'hand', by: 'a', raised: true })).toEqual([])
  })

  it('R3 media that the meeting’s settings forbid are refused to participants, not to the host', () => {
    const room = roomOf('host', 'a')
    room.meeting = { ...meeting, settings: { ...meeting.settings, screenShare: false } }
    expect(decide(room, { kind: 'media', by: 'a', changed: { screen: true } }, 0)).toMatchObject({
      refused: 'forbidden',
    })
    expect(run(room, { kind: 'media', by: 'host', changed: { screen: true } })).toHaveLength(1)
  })

  it('R4 V2 X23e media that the settings no longer allow go off, also with a demotion', () => {
    const room = roomOf('host', 'a', 'b')
    const silent = { ...meeting, version: 2, settings: { ...meeting.settings, audio: false } }
    const changes = run(room, { kind: 'meeting-updated', meeting: silent, seq: 1 })
    expect(changes.map(({ kind }) => kind)).toEqual(['meeting', 'media', 'media'])
    expect([...room.seats.values()].map(({ participant: { mic, cam } }) => [mic, cam])).toEqual([
      [true, true],
      [false, true],
      [false, true],
    ])
    run(room, { kind: 'role', userId: 'u-host', role: 'participant', seq: 2 })
    expect(room.seats.get('host')?.participant).toMatchObject({ role: 'participant', mic: false, cam: true })
    expect(room.commandSeq).toBe(2)
  })

  it('R8 a lost socket is reconnecting, leaves after the grace, and comes back within the window', () => {
    const room = roomOf('a', 'b')
    run(room, { kind: 'socket-lost', by: 'a', sessionId: 's-a', node }, 1_000)
    expect(room.seats.get('a')?.participant.connection).toBe('reconnecting')
    expect(run(room, { kind: 'grace-over', by: 'a', sessionId: 's-a' }, 10_999)).toEqual([])
    expect(run(room, { kind: 'grace-over', by: 'a', sessionId: 's-a' }, 11_000)).toMatchObject([
      { kind: 'left', reason: 'timeout' },
    ])
    const resume: Command = {
      kind: 'resume',
      participantId: 'a',
      userId: 'u-a',
      sessionId: 's-a',
      node: 'n2',
      resumeHash: 'h-a',
      newResumeHash: 'h2',
    }
    expect(decide(room, resume, 121_001)).toMatchObject({ refused: 'resume-failed' })
    expect(run(room, resume, 120_999)).toMatchObject([
      { kind: 'joined', seat: { node: 'n2', participant: { id: 'a' } } },
    ])
    expect(decide(room, { ...resume, resumeHash: 'h3' }, 121_000)).toMatchObject({ refused: 'resume-failed' })
    // Once more with the same: the answer with the new one may have been lost.
    expect(run(room, resume, 121_000)).toMatchObject([{ kind: 'seat', participantId: 'a' }])
  })

  it('R8 M17 a person who timed out does not come back into a meeting that is full by then', () => {
    const room = roomOf('a', 'b')
    run(room, { kind: 'socket-lost', by: 'a', sessionId: 's-a', node }, 0)
    run(room, { kind: 'grace-over', by: 'a', sessionId: 's-a' }, 10_000)
    room.meeting = { ...meeting, maxParticipants: 1 }
    const resume = { participantId: 'a', userId: 'u-a', sessionId: 's-a', node, resumeHash: 'h-a', newResumeHash: 'h2' }
    expect(decide(room, { kind: 'resume', ...resume }, 11_000)).toMatchObject({ refused: 'meeting-full' })
  })

  it('R8 a loss that another node has already repaired is no news', () => {
    const room = roomOf('a')
    run(room, {
      kind: 'resume',
      participantId: 'a',
      userId: 'u-a',
      sessionId: 's-a',
      node: 'n2',
      resumeHash: 'h-a',
      newResumeHash: 'h2',
    })
    expect(run(room, { kind: 'socket-lost', by: 'a', sessionId: 's-a', node })).toEqual([])
  })

  it('M7 an ended room takes nothing more', () => {
    const room = roomOf('host', 'a')
    run(room, { kind: 'end', reason: 'host' })
    expect(room.seats.size).toBe(0)
    expect(decide(room, join('b'), 0)).toMatchObject({ refused: 'meeting-over' })
    expect(run(room, { kind: 'end', reason: 'host' })).toEqual([])
  })
})

it('dates a leaving after its joining, however far behind the node is with the time', () => {
  const room = roomOf()
  const joined = run(room, join('a'), 5_000).at(-1)
  const before = draft(room)
  const [left] = run(room, { kind: 'leave', by: 'a' }, 4_000)
  const at = (change: RoomChange | undefined, was: RoomDraft, now: number) =>
    change && factsOf(change, was, room, now).map((fact) => Date.parse(fact.at))
  expect([at(joined, before, 5_000), at(left, before, 4_000)]).toEqual([[5_000], [5_001]])
})

it('R3 a rename changes the participants with the old name; another shown name stays, and a repeat changes nothing', () => {
  const room = roomOf('host', 'a')
  const command: Command = { kind: 'name', userId: 'u-a', before: 'a', name: 'Anna', seq: 1 }
  expect(run(room, command)).toEqual([{ kind: 'seat', participantId: 'a', name: 'Anna', seq: 1 }])
  expect(room.seats.get('a')?.participant.name).toBe('Anna')
  expect(run(room, { ...command, seq: 2 })).toEqual([{ kind: 'noted', seq: 2 }])
  expect(run(room, { ...command, userId: 'u-host', before: 'somebody', seq: 3 })).toEqual([{ kind: 'noted', seq: 3 }])
})
