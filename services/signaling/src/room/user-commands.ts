import type { RoomChange, RoomCommand, Seat } from '@parley/contracts'
import { switchedOff } from './settings.ts'
import type { RoomState } from './state.ts'

/** The changes of a command of meetings about one user. Pure, as `decide`. */
type Of<K extends RoomCommand['kind']> = Extract<RoomCommand, { kind: K }>

/** The seats of a user whose grant is older than this command. Sessions that can still be resumed count too. */
const seatsOf = (room: RoomState, userId: string, seq: number | undefined): Seat[] =>
  [...room.seats.values(), ...room.parked.values()].filter(
    ({ asOf, participant }) => participant.userId === userId && (seq === undefined || asOf === undefined || asOf < seq),
  )

/** The user leaves with every session. */
export function remove(room: RoomState, { userId, reason, by, seq }: Of<'remove'>, now: number): RoomChange[] {
  return seatsOf(room, userId, seq).map(({ participant }) => ({
    kind: 'left',
    participantId: participant.id,
    reason: reason === 'left' ? 'left' : 'kicked',
    at: now,
    ...(by && { by }),
    ...(reason === 'banned' && { ban: true }),
  }))
}

/** A former moderator may show no more than others. */
export function changeRole(room: RoomState, { userId, role, seq }: Of<'role'>): RoomChange[] {
  const seats = seatsOf(room, userId, seq).filter(({ participant }) => participant.role !== role)
  const present = seats.map(({ participant }) => participant).filter(({ id }) => room.seats.has(id))
  const others = present.map((participant) => ({ ...participant, role }))
  return [
    ...seats.map(({ participant }): RoomChange => ({ kind: 'seat', participantId: participant.id, role })),
    ...(room.meeting ? switchedOff(room.meeting, others) : []),
  ]
}

/** Gives the sessions of a user, as long as they have the name of before, the new one. */
export const rename = (room: RoomState, { userId, before, name, seq }: Of<'name'>): RoomChange[] =>
  seatsOf(room, userId, seq)
    .filter(({ participant }) => participant.name === before && before !== name)
    .map(({ participant }) => ({ kind: 'seat', participantId: participant.id, name }))

/** Ends the grace of a participant whose page has gone. One that is connected again stays, and the others may still resume. */
export function endGrace(room: RoomState, { userId, participantId }: Of<'goodbye'>): RoomChange[] {
  const seat = room.seats.get(participantId)
  if (seat?.participant.userId !== userId || seat.lostAt === null) return []
  return [{ kind: 'left', participantId, reason: 'timeout' }]
}
