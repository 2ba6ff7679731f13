import { meetingsBus, type Participant } from '@parley/contracts'
import { request, ProblemError } from '@parley/kit'
import { ack, type Call, type Handler } from './call.ts'

/** Meetings decides and writes down; the room is told by it and carries it out. */
export const removeParticipant: Handler<'moderation.remove'> = async (call) => {
  const { context, session, payload } = call
  const { userId } = await participantOrThrow(call, payload.participantId)
  const { meetingId } = session.room
  await request(context.bus, meetingsBus.remove, {
    meetingId,
    by: session.principal.userId,
    userId,
    ban: payload.ban ?? false,
  })
  return ack
}

export const setRole: Handler<'moderation.role'> = async (call) => {
  const { context, session, payload } = call
  const { userId } = await participantOrThrow(call, payload.participantId)
  await request(context.bus, meetingsBus.setRole, {
    meetingId: session.room.meetingId,
    by: session.principal.userId,
    userId,
    role: payload.role,
  })
  return ack
}

export const admit: Handler<'lobby.admit'> = async (call) => {
  await decideLobby(call, call.payload.participantId, true)
  return ack
}

export const reject: Handler<'lobby.reject'> = async (call) => {
  await decideLobby(call, call.payload.participantId, false)
  return ack
}

export const admitAll: Handler<'lobby.admitAll'> = async (call) => ({
  type: 'ack',
  payload: { count: await decideLobby(call, null, true) },
})

async function decideLobby(
  { context, session }: Pick<Call<'lobby.admit'>, 'context' | 'session'>,
  participantId: string | null,
  admit: boolean,
): Promise<number> {
  const { principal, room } = session
  const { count } = await request(context.bus, meetingsBus.decideLobby, {
    meetingId: room.meetingId,
    by: principal.userId,
    participantId,
    admit,
  })
  // The hint tells every node; this one does not wait for it.
  void context.rooms.lobbyOf(room).refresh()
  return count
}

async function participantOrThrow(
  { session }: Pick<Call<'moderation.role'>, 'session'>,
  participantId: string,
): Promise<Participant> {
  const seat = await session.room.find(({ seats, parked }) => seats.get(participantId) ?? parked.get(participantId))
  if (!seat) throw new ProblemError('peer-not-found')
  return seat.participant
}
