import type { JoinDetails, Principal } from '@parley/contracts'
import { newId, ProblemError, type Once } from '@parley/kit'
import { decideAdmission, type Admission, type Admitted } from './admission.ts'
import { changing } from './changing.ts'
import { now, type Context } from './context.ts'
import { isFull, meetingFull } from './full.ts'
import { holdsInvite } from './invites/store.ts'
import { spendUse, type HeldToken } from './join-token.ts'
import { signalingUrl, type Base } from './links.ts'
import { takePlace, type LobbyPlace } from './lobby/place.ts'
import { toMeeting } from './meeting.ts'
import type { PasscodeGuesser, PasscodeCheck } from './passcode-check.ts'
import type { MeetingView } from './read.ts'
import { hashOf, newRoomToken } from './room-token.ts'
import { admissionFactsOf, roleByUse, type Shown } from './standing.ts'
import { findArrival, type Arrival } from './store/arrival.ts'
import { lockMeeting } from './store/meetings.ts'
import { insertRoomToken } from './store/room-tokens.ts'
import type { Db, RoomTokenRow } from './tables.ts'
import type { GivenRole } from './tables-admission.ts'

export interface JoinRequest {
  principal: Principal
  address: string
  byCode: boolean
  joinToken?: HeldToken
  passcode: string | undefined
  displayName: string | undefined
  base: Base
  once: Once<Joined>
}
/** The result for a person who is let in, and their place if they have to wait. */
export interface Joined {
  joining: JoinDetails
  place: LobbyPlace | null
}
type NewRoomToken = Omit<RoomTokenRow, 'used_at' | 'attempt' | 'participant_id'>

/** Lets somebody into a meeting or its lobby, with a room token, or throws the problem that keeps them out. */
export async function join(
  context: Context,
  passcodes: PasscodeCheck,
  seen: MeetingView,
  request: JoinRequest,
): Promise<Joined> {
  const { principal } = request
  const { meeting } = seen
  let shown = shownBy(seen.arrival, request)
  const facts = admissionFactsOf(seen.arrival, shown, seen.invited)
  let admission = decideAdmission(facts)
  if (admission.kind === 'check-passcode') {
    const passcode = await passcodes.check(meeting, knockerOf(seen, request), request.passcode)
    admission = decideAdmission({ ...facts, passcode })
    shown = { ...shown, passcode: meeting.passcode_hash }
  }
  const entry = entryOrThrow(admission)
  if (entry.kind === 'enter' && (await isFull(context, meeting, principal.userId))) throw meetingFull(meeting)
  return issue(context, seen, { request, shown, entry })
}

/** Somebody at the door who may say a passcode. */
export const knockerOf = (
  { belongs, invited }: Pick<MeetingView, 'belongs' | 'invited'>,
  { principal, address }: Pick<JoinRequest, 'principal' | 'address'>,
): PasscodeGuesser => ({
  userId: principal.userId,
  guest: principal.kind === 'guest',
  address,
  belongs: belongs || invited,
})

/** The credentials of a person at the door, who may yet give a passcode. */
export const shownBy = (
  arrival: Arrival,
  { principal, byCode, joinToken }: Pick<JoinRequest, 'principal' | 'byCode' | 'joinToken'>,
): Shown => {
  const guest = principal.kind === 'guest'
  const role = joinToken === undefined ? null : roleBy(joinToken, arrival, guest)
  return { guest, byCode, joinToken: role, passcode: undefined }
}

const roleBy = ({ token, held }: HeldToken, arrival: Arrival, guest: boolean): GivenRole =>
  held ? roleByUse(arrival, guest) : token.role

interface Issue {
  request: JoinRequest
  shown: Shown
  entry: Admitted
}

async function issue(context: Context, { meeting }: MeetingView, { request, shown, entry }: Issue): Promise<Joined> {
  const { principal, base, once } = request
  const at = now(context)
  const roomToken = newRoomToken()
  const checked = shown.passcode ?? null
  const { ROOM_TOKEN_TTL_SECONDS: expiresIn } = context.config
  const signaling = signalingUrl(base.gateway, meeting.id)
  const joining = { meeting: toMeeting(meeting, base), roomToken, expiresIn, signalingUrl: signaling }
  const draft: NewRoomToken = {
    hash: hashOf(roomToken),
    meeting_id: meeting.id,
    user_id: principal.userId,
    name: request.displayName ?? (await context.names.of(principal)),
    role: entry.role,
    guest: shown.guest,
    admission: entry.kind,
    expires_at: new Date(at.getTime() + expiresIn * 1000),
    by_code: request.byCode,
    passcode_hash: checked,
  }
  const token = entry.role === 'host' ? undefined : request.joinToken
  if (entry.kind === 'enter' && token === undefined) {
    return context.queues.joins(meeting.id, () =>
      once.transaction(context.db, async (db) => {
        await insertRoomToken(db, { ...draft, participant_id: newId() })
        return { joining, place: null }
      }),
    )
  }
  const wanted = { used: token, shown: { ...shown, passcode: checked }, address: request.address }
  const waiting = await changing(context, meeting.id, (trx) =>
    once.in(trx, async () => ({ joining, place: await issueWith(trx, draft, wanted, at) })),
  )
  if (waiting.place?.lv != null) context.tellLobby(meeting.id, waiting.place.lv)
  return waiting
}

/**
 * In a transaction: the room token together with what it depends on: a use of the join token, or a place in the lobby. It is
 * decided again, for the meeting may have changed since.
 */
async function issueWith(
  trx: Db,
  draft: NewRoomToken,
  { used, shown, address }: { used: HeldToken | undefined; shown: Shown; address: string },
  at: Date,
): Promise<LobbyPlace | null> {
  const user = { meetingId: draft.meeting_id, userId: draft.user_id, name: draft.name, guest: draft.guest }
  const { entry } = await admitIn(trx, { ...user, shown: () => shown }, at)
  const place = entry.kind === 'wait' ? await takePlace(trx, { ...user, by: { address } }, at) : null
  if (used !== undefined) await spendUse(trx, used.token, user, at)
  await insertRoomToken(trx, {
    ...draft,
    role: entry.role,
    admission: entry.kind,
    participant_id: place?.participantId ?? newId(),
  })
  return place
}

/** In a transaction, locks the meeting, and decides by what is true in it. @throws ProblemError as `join` */
export async function admitIn(
  trx: Db,
  { meetingId, userId, shown }: { meetingId: string; userId: string; shown: (arrival: Arrival) => Shown },
  at: Date,
): Promise<{ arrival: Arrival; entry: Admitted }> {
  await lockMeeting(trx, meetingId)
  const arrival = await findArrival(trx, { meetingId, userId, at })
  if (arrival === undefined) throw new ProblemError('not-found', 'There is no such meeting')
  // It matters only where not everybody is let in: the row is locked, and others wait for it.
  const invited = arrival.meeting.type !== 'public' && (await holdsInvite(trx, meetingId, userId))
  return { arrival, entry: entryOrThrow(decideAdmission(admissionFactsOf(arrival, shown(arrival), invited))) }
}

export function entryOrThrow(admission: Admission): Admitted {
  switch (admission.kind) {
    case 'enter':
    case 'wait':
      return admission
    case 'refuse':
      throw new ProblemError(
        admission.problem,
        admission.problem === 'not-found' ? 'There is no such meeting' : admission.detail,
      )
    case 'check-passcode':
      throw new Error('the passcode was checked, and is asked for again')
    default:
      return admission satisfies never
  }
}
