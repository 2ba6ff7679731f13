import {
  may,
  wire,
  type RoomChange,
  type MediaKind,
  type Meeting,
  type RoomCommand,
  type Seat,
} from '@parley/contracts'
import { mayModerate, mute, muteAll, spotlight } from './moderate.ts'
import { isNoPlace, placeFor, tooManyParked } from './places.ts'
import { gone, refuse, type Refusal } from './refusal.ts'
import { allowedOf, changeMeeting } from './settings.ts'
import { changeRole, endGrace, remove, rename } from './user-commands.ts'
import { takeRecording } from './recording.ts'
import type { RoomState } from './state.ts'

export type { Refusal } from './refusal.ts'

/** Everything that can be asked of a room. `by` is the participant who asks. */
export type Command =
  | { kind: 'join'; seat: Seat; meeting: Meeting; seatsPerPerson?: number }
  | {
      kind: 'resume'
      participantId: string
      userId: string
      sessionId: string
      node: string
      resumeHash: string
      newResumeHash: string
      seatsPerPerson?: number
    }
  | { kind: 'leave'; by: string }
  /** `at`: when it was gone for all that is known, ms since 1970; now if it is left out. */
  | { kind: 'socket-lost'; by: string; sessionId: string; node: string; at?: number }
  /** The socket is not lost, its node was only slow to renew its lease; asked by that node. */
  | { kind: 'reclaim'; by: string; sessionId: string; node: string }
  /** Nobody has resumed the session within the grace; asked by its node, or by any node once that one is gone. */
  | { kind: 'grace-over'; by: string; sessionId: string }
  | { kind: 'media'; by: string; changed: { mic?: boolean; cam?: boolean; screen?: boolean } }
  | { kind: 'hand'; by: string; raised: boolean }
  | { kind: 'mute'; by: string; target: string; media: MediaKind }
  | { kind: 'mute-all'; by: string; media: MediaKind }
  | { kind: 'lower-hand'; by: string; target: string }
  | { kind: 'spotlight'; by: string; target: string; on: boolean }
  /** Changes nothing: asks whether this is the newest state. */
  | { kind: 'confirm' }
  /** Meetings (or media) has decided it, and written it down before. */
  | RoomCommand

/**
 * The rules of a room: what a command changes, decided on one state. Pure: no await, no socket, and the clock is an
 * argument (ms since 1970). No changes means that what was asked for is already so.
 */
export function decide(room: RoomState, command: Command, now: number): RoomChange[] | Refusal {
  if (isFromMeetings(command)) return inOrder(room, command, now)
  if (command.kind === 'confirm') return []
  if (room.ended) return refuse('meeting-over')
  switch (command.kind) {
    case 'join':
      return join(room, command, now)
    case 'resume':
      return resume(room, command, now)
    case 'leave':
      return room.seats.has(command.by) ? [{ kind: 'left', participantId: command.by, reason: 'left', at: now }] : []
    case 'socket-lost':
      return socketLost(room, command, now)
    case 'reclaim':
      return reclaim(room, command)
    case 'grace-over':
      return graceOver(room, command, now)
    case 'media':
      return media(room, command)
    case 'hand':
      return hand(room, command.by, command.raised)
    case 'mute':
      return mute(room, command)
    case 'mute-all':
      return muteAll(room, command)
    case 'lower-hand':
      return lowerHand(room, command.by, command.target)
    case 'spotlight':
      return spotlight(room, command)
    default:
      return command satisfies never
  }
}

const fromMeetings = new Set<Command['kind']>([
  'meeting-updated',
  'remove',
  'role',
  'name',
  'goodbye',
  'end',
  'recording',
])
const isFromMeetings = (command: Command): command is RoomCommand => fromMeetings.has(command.kind)

/**
 * Commands of meetings are numbered. The room remembers the highest number, also of a command that changes nothing. It does nothing for one
 * that is not higher: it came late, was given up, or was carried out before.
 */
function inOrder(room: RoomState, command: RoomCommand, now: number): RoomChange[] {
  const { seq } = command
  if (room.meeting === null || room.ended || (seq !== undefined && seq <= room.commandSeq)) return []
  const changes = carryOut(room, command, now)
  if (seq === undefined) return changes
  const last = changes.at(-1)
  return last === undefined ? [{ kind: 'noted', seq }] : [...changes.slice(0, -1), { ...last, seq }]
}

function carryOut(room: RoomState, command: RoomCommand, now: number): RoomChange[] {
  switch (command.kind) {
    case 'end':
      return [{ kind: 'ended', reason: command.reason }]
    case 'remove':
      return remove(room, command, now)
    case 'role':
      return changeRole(room, command)
    case 'name':
      return rename(room, command)
    case 'goodbye':
      return endGrace(room, command)
    case 'meeting-updated':
      return changeMeeting(room, command.meeting)
    case 'recording':
      return takeRecording(room, command)
    default:
      return command satisfies never
  }
}

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>

/** The request of a participant; refused on a node that the session has left, which may not have heard of it. */
const acting = new Set<Command['kind']>(['leave', 'media', 'hand', 'mute', 'mute-all', 'lower-hand', 'spotlight'])

/** `decide` for a command that came in on `node`: whoever acts must have the session there (fencing). */
export function decideOn(node: string, room: RoomState, command: Command, now: number): RoomChange[] | Refusal {
  const seat = 'by' in command && acting.has(command.kind) ? room.seats.get(command.by ?? '') : undefined
  if (seat && seat.node !== node) return refuse('wrong-state', 'This session has been resumed elsewhere')
  return decide(room, command, now)
}

function join(
  room: RoomState,
  { seat, meeting: granted, seatsPerPerson }: Of<'join'>,
  now: number,
): RoomChange[] | Refusal {
  if ((seat.asOf ?? room.commandSeq) < room.commandSeq)
    return { ...refuse('unavailable', 'The meeting has just been changed'), outdated: true }
  const taken = room.seats.get(seat.participant.id)
  if (taken) return isSameAttempt(taken, seat) ? [joinedAgain(seat)] : refuse('room-token-invalid')
  const isNews = room.meeting === null || room.meeting.version < granted.version
  const meeting = room.meeting !== null && room.meeting.version > granted.version ? room.meeting : granted
  const { userId, role } = seat.participant
  const freed = placeFor(room, { userId, role, meeting, seatsPerPerson })
  if (isNoPlace(freed)) return freed
  const news: RoomChange[] = isNews ? [{ kind: 'meeting', meeting }] : []
  const old = [...forgotten(room, now, tooManyParked(room, userId, seatsPerPerson))]
  return [...old, ...news, ...freed, { kind: 'joined', seat: allowedIn(meeting, seat, now) }]
}

/** Until the session was resumed: then its client has had the answer. */
const isSameAttempt = (taken: Seat, seat: Seat): boolean =>
  taken.sessionId === seat.sessionId && taken.resumeHashBefore === undefined

/** The same attempt to join, made again on another node because the first one's answer was lost with its node. */
const joinedAgain = ({ participant, node, resumeHash }: Seat): RoomChange => ({
  kind: 'seat',
  participantId: participant.id,
  node,
  resumeHash,
  lostAt: null,
  connection: 'connected',
})

/** Nobody comes in with a device that the meeting, as it is by now, does not allow. */
function allowedIn({ settings: { audio, video } }: Meeting, seat: Seat, now: number): Seat {
  const { mic, cam } = seat.participant
  const joinedAt = new Date(now).toISOString()
  return { ...seat, participant: { ...seat.participant, joinedAt, mic: mic && audio, cam: cam && video } }
}

/** Parked sessions whose window is over, and `more`; removed with the next join, which is the only thing that makes a room grow. */
const forgotten = (room: RoomState, now: number, more: readonly string[]): RoomChange[] =>
  [...room.parked.values()]
    .filter(
      ({ lostAt, participant }) =>
        (lostAt !== null && lostAt + wire.resumeWindowMs < now) || more.includes(participant.id),
    )
    .map(({ participant }) => ({ kind: 'left', participantId: participant.id, reason: 'timeout' }))

function resume(room: RoomState, command: Of<'resume'>, now: number): RoomChange[] | Refusal {
  const { participantId, sessionId, node, resumeHash, newResumeHash, seatsPerPerson } = command
  const over = refuse('resume-failed', 'The session is over; ask for a room token and join again')
  const seat = room.seats.get(participantId) ?? room.parked.get(participantId)
  if (!seat || seat.sessionId !== sessionId || ![seat.resumeHash, seat.resumeHashBefore].includes(resumeHash))
    return over
  if (seat.participant.userId !== command.userId) return refuse('resume-failed', 'This session is somebody else’s')
  if (seat.lostAt !== null && seat.lostAt + wire.resumeWindowMs < now) return over
  const renewed = { resumeHash: newResumeHash, resumeHashBefore: resumeHash }
  if (room.seats.has(participantId))
    return [{ kind: 'seat', participantId, node, ...renewed, lostAt: null, connection: 'connected' }]
  const { userId, role } = seat.participant
  const freed = room.meeting ? placeFor(room, { userId, role, meeting: room.meeting, seatsPerPerson }) : []
  if (isNoPlace(freed)) return freed
  const allowed = room.meeting && allowedOf(room.meeting, seat.participant)
  const begun = { connection: 'connected' as const, hand: null, screen: false, spotlight: false }
  const participant = { ...seat.participant, ...allowed, ...begun }
  return [...freed, { kind: 'joined', seat: { ...seat, participant, node, ...renewed, lostAt: null } }]
}

function socketLost(room: RoomState, { by, sessionId, node, at }: Of<'socket-lost'>, now: number): RoomChange[] {
  const seat = room.seats.get(by)
  // Resumed on another node meanwhile: the loss is no news.
  if (!seat || seat.sessionId !== sessionId || seat.node !== node || seat.lostAt !== null) return []
  return [{ kind: 'seat', participantId: by, lostAt: Math.min(at ?? now, now), connection: 'reconnecting' }]
}

function reclaim(room: RoomState, { by, sessionId, node }: Of<'reclaim'>): RoomChange[] {
  const seat = room.seats.get(by)
  if (!seat || seat.sessionId !== sessionId || seat.node !== node || seat.lostAt === null) return []
  return [{ kind: 'seat', participantId: by, lostAt: null, connection: 'connected' }]
}

function graceOver(room: RoomState, { by, sessionId }: Of<'grace-over'>, now: number): RoomChange[] {
  const seat = room.seats.get(by)
  if (!seat || seat.sessionId !== sessionId || seat.lostAt === null || seat.lostAt + wire.graceMs > now) return []
  return [{ kind: 'left', participantId: by, reason: 'timeout' }]
}

function media(room: RoomState, { by, changed }: Of<'media'>): RoomChange[] | Refusal {
  const participant = room.seats.get(by)?.participant
  if (!participant || room.meeting === null) return gone()
  const { audio, video, screenShare } = room.meeting.settings
  const allowed = { mic: audio, cam: video, screen: screenShare }
  for (const kind of ['mic', 'cam', 'screen'] as const) {
    if (changed[kind] && !allowed[kind] && !may(participant.role, 'moderate'))
      return refuse('forbidden', `This meeting does not allow: ${kind}`)
  }
  const { mic, cam, screen } = { mic: participant.mic, cam: participant.cam, screen: participant.screen, ...changed }
  if (mic === participant.mic && cam === participant.cam && screen === participant.screen) return []
  return [{ kind: 'media', participantId: by, mic, cam, screen }]
}

function hand(room: RoomState, by: string, raised: boolean): RoomChange[] | Refusal {
  const participant = room.seats.get(by)?.participant
  if (!participant) return gone()
  return (participant.hand !== null) === raised ? [] : [{ kind: 'hand', participantId: by, raised }]
}

function lowerHand(room: RoomState, by: string, target: string): RoomChange[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may lower others’ hands')
  return room.seats.has(target) ? hand(room, target, false) : gone()
}
