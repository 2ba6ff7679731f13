import type { AdmissionGrant } from '@parley/contracts'
import { isProblem, newId, ProblemError } from '@parley/kit'
import { decideAdmission, type Admitted } from './admission.ts'
import { changing } from './changing.ts'
import { now, roomBase, type Context } from './context.ts'
import { isInvited } from './invites/invited.ts'
import { admitIn, entryOrThrow } from './join.ts'
import { takePlace, type LobbyPlace } from './lobby/place.ts'
import { settleWait } from './lobby/settle.ts'
import { toMeeting } from './meeting.ts'
import { hashOf } from './room-token.ts'
import { admissionFactsOf, roleByUse, type Shown } from './standing.ts'
import { findArrival, type Arrival } from './store/arrival.ts'
import { findRoomToken, spendRoomToken } from './store/room-tokens.ts'
import type { MeetingRow, RoomTokenRow } from './tables.ts'

interface AdmittedArrival {
  arrival: Arrival
  entry: Admitted
  place: LobbyPlace | null
}

/**
 * Spends a room token for the person it was issued to. It decides anew whether they may enter now; the attempt that
 * spent it may ask again, and is decided on again. @throws ProblemError `room-token-invalid`, `meeting-over`, and what joining
 * throws: the token of somebody who would not be let in any more says why
 */
export async function redeem(
  context: Context,
  { roomToken, userId, attempt = null, requestId }: Redemption,
): Promise<AdmissionGrant> {
  const at = now(context)
  const hash = hashOf(roomToken)
  const token = await spendRoomToken(context.db, { hash, userId, attempt, at })
  if (token === undefined) {
    await noteInvalid(context, { hash, userId, requestId }, at)
    throw new ProblemError('room-token-invalid')
  }
  const { arrival, entry, place } = await admit(context, token, at).catch((error: unknown) => {
    const { meeting_id: meetingId, participant_id: participantId } = token
    if (isProblem(error)) noteRefusal(context, { meetingId, userId, participantId, requestId, outcome: error.code })
    throw error
  })
  if (place === null && arrival.waits) await leaveQueue(context, arrival.meeting, userId, at)
  return {
    participantId: place?.participantId ?? token.participant_id,
    userId,
    name: token.name,
    role: entry.role,
    guest: token.guest,
    admission: entry.kind,
    meeting: liveMeeting(context, arrival.meeting, at),
    asOf: arrival.meeting.room_seq,
  }
}

interface Redemption {
  roomToken: string
  userId: string
  attempt?: string | null
  requestId?: string | undefined
}

interface Refusal {
  meetingId: string
  userId: string
  participantId?: string
  requestId: string | undefined
  outcome: string
}

/** For the timeline: somebody came to the door with a room token, and was not let in. */
function noteRefusal(context: Context, { requestId, ...refusal }: Refusal): void {
  const at = now(context).toISOString()
  const note = { id: newId(), at, kind: 'room.join', ...refusal }
  context.note(requestId === undefined ? note : { ...note, requestId })
}

/** A token that we made tells its meeting still, though it lets nobody in. */
async function noteInvalid(
  context: Context,
  { hash, userId, requestId }: { hash: string; userId: string; requestId: string | undefined },
  at: Date,
): Promise<void> {
  const token = await findRoomToken(context.db, hash)
  if (token === undefined) return
  const why = token.user_id !== userId ? "another person's" : token.expires_at <= at ? 'expired' : 'used'
  noteRefusal(context, {
    meetingId: token.meeting_id,
    userId,
    requestId,
    outcome: `room-token-invalid (${why})`,
  })
}

async function admit(context: Context, token: RoomTokenRow, at: Date): Promise<AdmittedArrival> {
  const whom = { meetingId: token.meeting_id, userId: token.user_id }
  const arrival = await findArrival(context.db, { ...whom, at })
  if (arrival === undefined) throw new ProblemError('room-token-invalid')
  const entry = await entryOf(context, arrival, shownFor(token, arrival))
  return entry.kind === 'enter' ? { arrival, entry, place: null } : admitToLobby(context, token, at)
}

/** An invite is looked up only where without it there is no way in. */
async function entryOf(context: Context, arrival: Arrival, shown: Shown): Promise<Admitted> {
  const decide = (invited: boolean): Admitted =>
    entryOrThrow(decideAdmission(admissionFactsOf(arrival, shown, invited)))
  try {
    return decide(false)
  } catch (error) {
    if (!isProblem(error, 'not-found') || !(await isInvited(context, arrival.meeting.id, arrival.userId))) throw error
    return decide(true)
  }
}

/** Decided again with the meeting locked: the waiting room may have been switched off meanwhile. */
async function admitToLobby(context: Context, token: RoomTokenRow, at: Date): Promise<AdmittedArrival> {
  const { meeting_id: meetingId, user_id: userId, name, guest } = token
  const user = { meetingId, userId, name, guest }
  const admitted = await changing(context, meetingId, async (trx): Promise<AdmittedArrival> => {
    const shown = (arrival: Arrival) => shownFor(token, arrival)
    const { arrival, entry } = await admitIn(trx, { meetingId, userId, shown }, at)
    return {
      arrival,
      entry,
      place: entry.kind === 'wait' ? await takePlace(trx, { ...user, by: 'socket' }, at) : null,
    }
  })
  if (admitted.place?.lv != null) context.tellLobby(meetingId, admitted.place.lv)
  return admitted
}

/** The purpose of the token, as far as it still holds: a join token that was revoked opens nothing any more. */
const shownFor = ({ guest, by_code, passcode_hash }: RoomTokenRow, arrival: Arrival): Shown => ({
  guest,
  byCode: by_code,
  joinToken: arrival.holdsUse ? roleByUse(arrival, guest) : null,
  passcode: passcode_hash,
})

/** The room is told the state as it is once this person is in; the fact of the joining makes it so here. */
export function liveMeeting(context: Context, row: MeetingRow, at: Date): AdmissionGrant['meeting'] {
  const meeting = toMeeting(row, roomBase(context, row))
  return { ...meeting, status: 'live', startedAt: meeting.startedAt ?? at.toISOString() }
}

/** A person who goes straight in waits no longer, such as after the waiting room was switched off. */
const leaveQueue = (context: Context, { id }: MeetingRow, userId: string, at: Date): Promise<void> =>
  settleWait(context, id, { userId }, { status: 'left', decided_by: null, decided_at: at })
