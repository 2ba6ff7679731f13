import type { Recording } from '@parley/contracts'
import fc from 'fast-check'
import type { Command } from '../../room/decide.ts'
import type { RoomState } from '../../room/state.ts'
import { maxParticipants, newToken, nodes, seatFor, type Ledger } from './ledger.ts'

/** The steps of a history; several commands where one event asks for them (a node is lost, the reaper comes by). */
const happenings = [
  'join',
  'join-twice',
  'leave',
  'drop',
  'drop-on-old-node',
  'reclaim',
  'reap',
  'grace-over',
  'resume',
  'resume-before',
  'resume-stale',
  'resume-foreign',
  'media',
  'raise',
  'lower',
  'mute',
  'mute-all',
  'lower-hand',
  'spotlight',
  'kick',
  'promote',
  'hand-over',
  'node-loss',
  'meeting-updated',
  'recording',
  'end',
] as const
type Happening = (typeof happenings)[number]

/** One step of a history, before it is known what the room is like then. */
export interface RequestedCommand {
  what: Happening
  who: number
  whom: number
  node: number
  bits: number
  /** Time since the step before, ms. */
  after: number
}

const weightOf: Partial<Record<Happening, number>> = {
  join: 12,
  resume: 6,
  drop: 6,
  reap: 4,
  leave: 1,
  kick: 1,
  'node-loss': 1,
  'resume-stale': 1,
  'resume-foreign': 1,
}
const what = fc.oneof(
  ...happenings
    .filter((happening) => happening !== 'end')
    .map((happening) => ({ arbitrary: fc.constant<Happening>(happening), weight: 4 * (weightOf[happening] ?? 2) })),
  { arbitrary: fc.constant<Happening>('end'), weight: 1 },
)

export const asked: fc.Arbitrary<RequestedCommand> = fc.record({
  what,
  who: fc.nat({ max: 5 }),
  whom: fc.nat({ max: 5 }),
  node: fc.nat({ max: nodes.length - 1 }),
  bits: fc.nat({ max: 255 }),
  after: fc.constantFrom(0, 0, 0, 0, 0, 0, 10, 10, 3_000, 3_000, 9_999, 10_000, 60_000, 121_000),
})

type Make = (asked: RequestedCommand, ledger: Ledger, room: RoomState) => Command[]

const ledgerUserOf = ({ who }: RequestedCommand, { users }: Ledger) => users[who] ?? users[0]
/** Mostly a participant who is in the room or may come back. Otherwise the last one who came, if any. */
function idOf(index: number, { bits }: RequestedCommand, { users }: Ledger, room: RoomState): string {
  const present = [...room.seats.keys(), ...room.parked.keys()]
  const one = bits % 4 === 0 ? undefined : present[index % Math.max(1, present.length)]
  return one ?? users[index]?.participantId ?? 'nobody'
}
const sessionOf = (participantId: string): string => `s-${participantId}`
const nodeOf = ({ node }: RequestedCommand): string => nodes[node] ?? nodes[0]
const mediaOf = (bits: number) => (['mic', 'cam', 'screen'] as const)[bits % 3] ?? 'mic'

const userOf = (participantId: string, { seats, parked }: RoomState): string =>
  (seats.get(participantId) ?? parked.get(participantId))?.participant.userId ?? 'nobody'

/** A resume of `who` with a token chosen by `choose`. */
const resumeWith =
  (choose: (ledger: Ledger, participantId: string) => string | null | undefined): Make =>
  (step, ledger, room) => {
    const participantId = idOf(step.who, step, ledger, room)
    const resumeHash = choose(ledger, participantId) ?? 'never given'
    return [
      {
        kind: 'resume',
        participantId,
        userId: userOf(participantId, room),
        sessionId: sessionOf(participantId),
        node: nodeOf(step),
        resumeHash,
        newResumeHash: newToken(ledger),
      },
    ]
  }

const make: Record<Happening, Make> = {
  join(step, ledger, room) {
    const user = ledgerUserOf(step, ledger)
    if (!user) return []
    const seated = user.participantId !== null && room.seats.has(user.participantId)
    // Another stay of somebody who is in would only be somebody else with the same user.
    if (seated && step.bits % 8 > 0) return []
    return [{ kind: 'join', seat: seatFor(ledger, user, nodeOf(step)), meeting: ledger.meeting }]
  },
  'join-twice': (step, ledger, room) => {
    const seat = room.seats.get(idOf(step.who, step, ledger, room))
    return seat ? [{ kind: 'join', seat, meeting: ledger.meeting }] : []
  },
  leave: (step, ledger, room) => [{ kind: 'leave', by: idOf(step.who, step, ledger, room) }],
  drop: (step, ledger, room) => {
    const by = idOf(step.who, step, ledger, room)
    return [{ kind: 'socket-lost', by, sessionId: sessionOf(by), node: room.seats.get(by)?.node ?? 'none' }]
  },
  'drop-on-old-node': (step, ledger, room) => {
    const by = idOf(step.who, step, ledger, room)
    return [{ kind: 'socket-lost', by, sessionId: sessionOf(by), node: nodeOf(step) }]
  },
  reclaim: (step, ledger, room) => {
    const by = idOf(step.who, step, ledger, room)
    return [{ kind: 'reclaim', by, sessionId: sessionOf(by), node: nodeOf(step) }]
  },
  reap: (_step, _ledger, room) =>
    [...room.seats.values()].map(({ participant, sessionId }) => ({
      kind: 'grace-over',
      by: participant.id,
      sessionId,
    })),
  'grace-over': (step, ledger, room) => {
    const by = idOf(step.who, step, ledger, room)
    return [{ kind: 'grace-over', by, sessionId: step.bits % 8 === 0 ? 'another' : sessionOf(by) }]
  },
  resume: resumeWith(({ tokens }, id) => tokens.get(id)?.current),
  'resume-before': resumeWith(({ tokens }, id) => tokens.get(id)?.before),
  'resume-stale': resumeWith(({ given }, id) => given.get(id)?.at(-3)),
  'resume-foreign': (step, ledger, room) =>
    resumeWith(({ tokens }) => tokens.get(idOf(step.whom, step, ledger, room))?.current)(step, ledger, room),
  media: (step, ledger, room) => {
    const changed = { mic: (step.bits & 1) > 0, ...((step.bits & 2) > 0 && { cam: (step.bits & 4) > 0 }) }
    const screen = (step.bits & 8) > 0 ? { screen: (step.bits & 16) > 0 } : {}
    return [{ kind: 'media', by: idOf(step.who, step, ledger, room), changed: { ...changed, ...screen } }]
  },
  raise: (step, ledger, room) => [{ kind: 'hand', by: idOf(step.who, step, ledger, room), raised: true }],
  lower: (step, ledger, room) => [{ kind: 'hand', by: idOf(step.who, step, ledger, room), raised: false }],
  mute: (step, ledger, room) => [
    {
      kind: 'mute',
      by: idOf(step.who, step, ledger, room),
      target: idOf(step.whom, step, ledger, room),
      media: mediaOf(step.bits),
    },
  ],
  'mute-all': (step, ledger, room) => [
    { kind: 'mute-all', by: idOf(step.who, step, ledger, room), media: mediaOf(step.bits) },
  ],
  'lower-hand': (step, ledger, room) => [
    { kind: 'lower-hand', by: idOf(step.who, step, ledger, room), target: idOf(step.whom, step, ledger, room) },
  ],
  spotlight: (step, ledger, room) => {
    const by = idOf(step.who, step, ledger, room)
    return [{ kind: 'spotlight', by, target: idOf(step.whom, step, ledger, room), on: step.bits % 4 !== 0 }]
  },
  kick: (step, ledger) => {
    const userId = ledgerUserOf(step, ledger)?.userId ?? ''
    return [{ kind: 'remove', userId, reason: step.bits % 4 === 0 ? 'left' : 'removed' }]
  },
  promote: (step, ledger) => {
    const user = ledgerUserOf(step, ledger)
    if (!user || user.role === 'host' || user.role === 'guest') return []
    return [{ kind: 'role', userId: user.userId, role: step.bits % 2 === 0 ? 'cohost' : 'participant' }]
  },
  'hand-over': (step, ledger) => {
    const [next, host] = [ledgerUserOf(step, ledger), ledger.users.find(({ role }) => role === 'host')]
    if (!next || !host || next.role === 'guest' || next.userId === host.userId) return []
    return [
      { kind: 'role', userId: host.userId, role: 'cohost' },
      { kind: 'role', userId: next.userId, role: 'host' },
    ]
  },
  'node-loss': (step, _ledger, room) =>
    [...room.seats.values()]
      .filter(({ node }) => node === nodeOf(step))
      .map(({ participant, sessionId, node }) => ({ kind: 'socket-lost', by: participant.id, sessionId, node })),
  'meeting-updated': ({ bits }, { meeting }) => {
    const settings = { ...meeting.settings, audio: (bits & 1) === 0, screenShare: (bits & 2) === 0 }
    const max = bits % 8 === 7 ? 2 : bits % 8 === 6 ? maxParticipants : meeting.maxParticipants
    const version = meeting.version + (bits % 4 === 3 ? 0 : 1)
    return [
      {
        kind: 'meeting-updated',
        meeting: { ...meeting, title: `v${version}`, version, settings, maxParticipants: max },
      },
    ]
  },
  recording: ({ who, bits }) => [{ kind: 'recording', recording: aRecording(who, bits % 8), rev: bits % 8 }],
  end: () => [{ kind: 'end', reason: 'host' }],
}

export const commandsOf: Make = (step, ledger, room) => make[step.what](step, ledger, room)

/** One of a few recordings, at one of its changes. */
const aRecording = (which: number, rev: number): Recording => ({
  id: `recording-${which}`,
  meetingId: 'm',
  status: (['requested', 'starting', 'recording', 'processing', 'ready'] as const)[Math.min(rev, 4)] ?? 'ready',
  layout: 'grid',
  startedBy: 'user-0',
  startedAt: '2026-01-01T00:00:00.000Z',
  firstMediaAt: null,
  endedAt: null,
  durationMs: null,
  sizeBytes: null,
  contentType: null,
  people: [],
})
