import {
  may,
  problems,
  wire,
  type Change,
  type MediaKind,
  type Meeting,
  type ProblemCode,
  type Role,
  type Seat,
} from '@parley/contracts'
import type { EndReason, RoomState } from './state.ts'

/** Everything that can be asked of a room. `by` is the participant who asks. */
export type Command =
  | { kind: 'join'; seat: Seat; meeting: Meeting }
  | {
      kind: 'resume'
      participantId: string
      sessionId: string
      node: string
      resumeHash: string
      newResumeHash: string
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
  | { kind: 'meeting-updated'; meeting: Meeting }
  /** Everybody who is that user goes; meetings has written it down before. */
  | { kind: 'remove'; userId: string; reason: string; by?: string }
  | { kind: 'role'; userId: string; role: Role }
  | { kind: 'end'; reason: EndReason }

/** Why a command is refused. */
export interface Refusal {
  refused: ProblemCode
  detail: string
}

/**
 * The rules of a room: what a command changes, decided on one state. Pure: no await, no socket, and the clock is an
 * argument (ms since 1970). No changes means that what was asked for is already so.
 */
export function decide(room: RoomState, command: Command, now: number): Change[] | Refusal {
  if (command.kind === 'end')
    return room.ended || room.meeting === null ? [] : [{ kind: 'ended', reason: command.reason }]
  if (room.ended) return refuse('meeting-over')
  switch (command.kind) {
    case 'join':
      return join(room, command, now)
    case 'resume':
      return resume(room, command, now)
    case 'leave':
      return room.seats.has(command.by) ? [{ kind: 'left', participantId: command.by, reason: 'left' }] : []
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
      return mute(room, command.by, command.target, command.media)
    case 'mute-all':
      return muteAll(room, command.by, command.media)
    case 'lower-hand':
      return lowerHand(room, command.by, command.target)
    case 'remove':
      return remove(room, command)
    case 'role':
      return changeRole(room, command)
    case 'meeting-updated':
      return room.meeting !== null && command.meeting.version > room.meeting.version
        ? [{ kind: 'meeting', meeting: command.meeting }]
        : []
    default:
      return command satisfies never
  }
}

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>

const refuse = (refused: ProblemCode, detail: string = problems[refused].title): Refusal => ({ refused, detail })
const gone = () => refuse('peer-not-found')

/** What a participant asks for; refused on a node that the session has left, which may not have heard of it. */
const acting = new Set<Command['kind']>(['leave', 'media', 'hand', 'mute', 'mute-all', 'lower-hand'])

/** `decide` for a command that came in on `node`: whoever acts must have the session there (fencing). */
export function decideOn(node: string, room: RoomState, command: Command, now: number): Change[] | Refusal {
  const seat = 'by' in command && acting.has(command.kind) ? room.seats.get(command.by ?? '') : undefined
  if (seat && seat.node !== node) return refuse('wrong-state', 'This session has been resumed elsewhere')
  return decide(room, command, now)
}

function join(room: RoomState, { seat, meeting }: Of<'join'>, now: number): Change[] | Refusal {
  if (room.seats.has(seat.participant.id)) return refuse('room-token-invalid')
  if (room.seats.size >= meeting.maxParticipants) {
    return refuse('meeting-full', `The meeting is full: it takes ${meeting.maxParticipants} people`)
  }
  const news: Change[] =
    room.meeting === null || room.meeting.version < meeting.version ? [{ kind: 'meeting', meeting }] : []
  return [...forgotten(room, now), ...news, { kind: 'joined', seat }]
}

/** Parked sessions whose window is over; removed with the next join, which is the only thing that makes a room grow. */
const forgotten = (room: RoomState, now: number): Change[] =>
  [...room.parked.values()]
    .filter(({ lostAt }) => lostAt !== null && lostAt + wire.resumeWindowMs < now)
    .map(({ participant }) => ({ kind: 'left', participantId: participant.id, reason: 'left' }))

function resume(room: RoomState, command: Of<'resume'>, now: number): Change[] | Refusal {
  const { participantId, sessionId, node, resumeHash, newResumeHash } = command
  const failed = refuse('resume-failed', 'The session is over; ask for a room token and join again')
  const seat = room.seats.get(participantId) ?? room.parked.get(participantId)
  if (!seat || seat.sessionId !== sessionId || ![seat.resumeHash, seat.resumeHashBefore].includes(resumeHash))
    return failed
  if (seat.lostAt !== null && seat.lostAt + wire.resumeWindowMs < now) return failed
  if (room.seats.has(participantId)) {
    const renewed = { resumeHash: newResumeHash, resumeHashBefore: resumeHash }
    return [{ kind: 'seat', participantId, node, ...renewed, lostAt: null, connection: 'connected' }]
  }
  if (room.meeting && room.seats.size >= room.meeting.maxParticipants) return refuse('meeting-full')
  const participant = { ...seat.participant, connection: 'connected' as const, hand: null, screen: false }
  return [
    {
      kind: 'joined',
      seat: { ...seat, participant, node, resumeHash: newResumeHash, resumeHashBefore: resumeHash, lostAt: null },
    },
  ]
}

function socketLost(room: RoomState, { by, sessionId, node, at }: Of<'socket-lost'>, now: number): Change[] {
  const seat = room.seats.get(by)
  // Resumed on another node meanwhile: the loss is no news.
  if (!seat || seat.sessionId !== sessionId || seat.node !== node || seat.lostAt !== null) return []
  return [{ kind: 'seat', participantId: by, lostAt: Math.min(at ?? now, now), connection: 'reconnecting' }]
}

function reclaim(room: RoomState, { by, sessionId, node }: Of<'reclaim'>): Change[] {
  const seat = room.seats.get(by)
  if (!seat || seat.sessionId !== sessionId || seat.node !== node || seat.lostAt === null) return []
  return [{ kind: 'seat', participantId: by, lostAt: null, connection: 'connected' }]
}

function graceOver(room: RoomState, { by, sessionId }: Of<'grace-over'>, now: number): Change[] {
  const seat = room.seats.get(by)
  if (!seat || seat.sessionId !== sessionId || seat.lostAt === null || seat.lostAt + wire.graceMs > now) return []
  return [{ kind: 'left', participantId: by, reason: 'timeout' }]
}

function media(room: RoomState, { by, changed }: Of<'media'>): Change[] | Refusal {
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

function hand(room: RoomState, by: string, raised: boolean): Change[] | Refusal {
  const participant = room.seats.get(by)?.participant
  if (!participant) return gone()
  return (participant.hand !== null) === raised ? [] : [{ kind: 'hand', participantId: by, raised }]
}

/** The role is read here, from the state that is decided on, so that a demotion holds from the next command on. */
const mayModerate = (room: RoomState, by: string): boolean => {
  const seat = room.seats.get(by)
  return seat !== undefined && may(seat.participant.role, 'moderate')
}

function mute(room: RoomState, by: string, target: string, kind: MediaKind): Change[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may mute others')
  const participant = room.seats.get(target)?.participant
  if (!participant) return gone()
  if (participant.role === 'host' && by !== target) return refuse('forbidden', 'The host cannot be muted')
  return participant[kind] ? [muted(participant, kind, by)] : []
}

function muteAll(room: RoomState, by: string, kind: MediaKind): Change[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may mute others')
  return [...room.seats.values()]
    .map((seat) => seat.participant)
    .filter((participant) => participant[kind] && participant.id !== by && !may(participant.role, 'moderate'))
    .map((participant) => muted(participant, kind, by))
}

const muted = ({ id, mic, cam, screen }: Seat['participant'], kind: MediaKind, by: string): Change => ({
  kind: 'media',
  participantId: id,
  mic,
  cam,
  screen,
  [kind]: false,
  by,
})

function lowerHand(room: RoomState, by: string, target: string): Change[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may lower others’ hands')
  return room.seats.has(target) ? hand(room, target, false) : gone()
}

/** Also those whose session could still be resumed: nothing of theirs is left to come back with. */
function remove(room: RoomState, { userId, reason, by }: Of<'remove'>): Change[] {
  return [...room.seats.values(), ...room.parked.values()]
    .filter(({ participant }) => participant.userId === userId)
    .map(({ participant }) => ({
      kind: 'left',
      participantId: participant.id,
      reason: reason === 'left' ? 'left' : 'kicked',
      ...(by && { by }),
    }))
}

/** Also those whose session can still be resumed: they come back as what they are by then. */
const changeRole = (room: RoomState, { userId, role }: Of<'role'>): Change[] =>
  [...room.seats.values(), ...room.parked.values()]
    .filter(({ participant }) => participant.userId === userId && participant.role !== role)
    .map(({ participant }) => ({ kind: 'seat', participantId: participant.id, role }))
