import type { Grant } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import { changing } from './changing.ts'
import { now, roomBase, type Context } from './context.ts'
import { placeIfNeeded, type Place } from './lobby/place.ts'
import { settleWait } from './lobby/settle.ts'
import { isOver, toMeeting } from './meeting.ts'
import { roleIn } from './role.ts'
import { hashOf } from './room-token.ts'
import { findArrival } from './store/arrival.ts'
import { dropRemovals } from './store/outbox.ts'
import { spendRoomToken } from './store/room-tokens.ts'
import type { MeetingRow, RoomTokenRow } from './tables.ts'

/**
 * Spends a room token for the one it was issued to. What was decided on them since it was issued counts.
 * @throws ProblemError `room-token-invalid`, `removed-from-meeting`, `not-admitted`, `meeting-over`
 */
export async function redeem(
  context: Context,
  { roomToken, userId, attempt = null }: { roomToken: string; userId: string; attempt?: string | null },
): Promise<Grant> {
  const at = now(context)
  const token = await spendRoomToken(context.db, { hash: hashOf(roomToken), userId, attempt, at })
  if (token === undefined) throw new ProblemError('room-token-invalid')
  const arrival = await findArrival(context.db, { meetingId: token.meeting_id, userId })
  if (arrival === undefined) throw new ProblemError('room-token-invalid')
  const { meeting: row, member } = arrival
  const host = row.host_id === userId
  if (member?.banned_at != null && !host) throw new ProblemError('removed-from-meeting')
  if (isOver(row.status)) throw new ProblemError('meeting-over')
  const role = roleIn(row, userId, { member: member ?? { role: null, guest: token.guest }, seenAs: token.role })
  const admitted = member?.admitted_at != null || host || role === 'cohost' || token.admission === 'enter'
  const held = !host && (member?.must_wait === true || !admitted)
  const place = held ? await placeOf(context, token, at) : null
  if (place === null) {
    if (arrival.leaves) await dropRemovals(context.db, row.id, [userId])
    if (arrival.waits) await leaveQueue(context, row, userId, at)
  }
  return {
    participantId: place?.participantId ?? token.participant_id,
    userId,
    name: token.name,
    role: role ?? token.role,
    guest: token.guest,
    admission: place === null ? 'enter' : 'wait',
    meeting: liveMeeting(context, row, at),
  }
}

/** What the room is told is true once this one is in it; the fact of the joining makes it so here. */
export function liveMeeting(context: Context, row: MeetingRow, at: Date): Grant['meeting'] {
  const meeting = toMeeting(row, roomBase(context, row))
  return { ...meeting, status: 'live', startedAt: meeting.startedAt ?? at.toISOString() }
}

/** Null when the waiting room was switched off since the token was issued. */
async function placeOf(context: Context, token: RoomTokenRow, at: Date): Promise<Place | null> {
  const { meeting_id: meetingId, user_id: userId, name, guest } = token
  const person = { meetingId, userId, name, guest }
  const place = await changing(context, meetingId, (trx) => placeIfNeeded(trx, person, at))
  if (place?.lv != null) context.tellLobby(meetingId, place.lv)
  return place
}

/** Who goes straight in waits no longer, such as after the waiting room was switched off. */
const leaveQueue = (context: Context, { id }: MeetingRow, userId: string, at: Date): Promise<void> =>
  settleWait(context, id, { userId }, { status: 'left', decided_by: null, decided_at: at })
