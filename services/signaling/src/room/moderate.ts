import { may, type MediaKind, type RoomChange, type Seat } from '@parley/contracts'
import type { Command } from './decide.ts'
import { gone, refuse, type Refusal } from './refusal.ts'
import type { RoomState } from './state.ts'

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>

/** The role is read here, from the state that the decision uses. So a demotion holds from the next command on. */
export const mayModerate = (room: RoomState, by: string): boolean => {
  const seat = room.seats.get(by)
  return seat !== undefined && may(seat.participant.role, 'moderate')
}

export function mute(room: RoomState, { by, target, media: kind }: Of<'mute'>): RoomChange[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may mute others')
  const participant = room.seats.get(target)?.participant
  if (!participant) return gone()
  if (participant.role === 'host' && by !== target) return refuse('forbidden', 'The host cannot be muted')
  return participant[kind] ? [muted(participant, kind, by)] : []
}

export function muteAll(room: RoomState, { by, media: kind }: Of<'mute-all'>): RoomChange[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may mute others')
  return [...room.seats.values()]
    .map((seat) => seat.participant)
    .filter((participant) => participant[kind] && participant.id !== by && !may(participant.role, 'moderate'))
    .map((participant) => muted(participant, kind, by))
}

const muted = ({ id, mic, cam, screen }: Seat['participant'], kind: MediaKind, by: string): RoomChange => ({
  kind: 'media',
  participantId: id,
  mic,
  cam,
  screen,
  [kind]: false,
  by,
})

/** At most one is in the spotlight, so another one leaves it first. */
export function spotlight(room: RoomState, { by, target, on }: Of<'spotlight'>): RoomChange[] | Refusal {
  if (!mayModerate(room, by)) return refuse('forbidden', 'Only the host and cohosts may show somebody to everybody')
  const wanted = room.seats.get(target)?.participant
  if (!wanted) return gone()
  const lit = [...room.seats.values()].map((seat) => seat.participant).filter((one) => one.spotlight === true)
  const over = lit.filter(({ id }) => (id === target) !== on)
  const changes: RoomChange[] = over.map(({ id }) => ({ kind: 'seat', participantId: id, spotlight: false }))
  return on && wanted.spotlight !== true
    ? [...changes, { kind: 'seat', participantId: target, spotlight: true }]
    : changes
}
