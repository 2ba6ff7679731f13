import type { Joining, Principal, Role } from '@parley/contracts'
import { newId, ProblemError, type Once } from '@parley/kit'
import { decideAdmission, type Admission, type AdmissionFacts } from './admission.ts'
import { changing } from './changing.ts'
import { now, type Context } from './context.ts'
import { spendUse, type HeldToken } from './join-token.ts'
import { signalingUrl } from './links.ts'
import { placeIfNeeded, type Place } from './lobby/place.ts'
import { isOver, toMeeting } from './meeting.ts'
import type { PasscodeCheck } from './passcode-check.ts'
import type { Seen } from './read.ts'
import { hashOf, newRoomToken } from './room-token.ts'
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
  base: string
  once: Once<Joined>
}
/** What somebody gets who is let in, and their place if they have to wait. */
export interface Joined {
  joining: Joining
  place: Place | null
}
type Entry = { kind: 'enter' | 'wait'; role: Role }
type Draft = Omit<RoomTokenRow, 'used_at' | 'attempt' | 'participant_id'>

/** Lets somebody into a meeting or its lobby, with a room token, or throws the problem that keeps them out. */
export async function join(context: Context, check: PasscodeCheck, seen: Seen, request: JoinRequest): Promise<Joined> {
  const { principal } = request
  const { meeting } = seen
  const facts = factsOf(seen, request)
  let admission = decideAdmission(facts)
  if (admission.kind === 'check-passcode') {
    const knocker = { userId: principal.userId, guest: facts.guest, address: request.address }
    admission = decideAdmission({ ...facts, passcode: await check(meeting, knocker, request.passcode) })
  }
  return issue(context, entryOrThrow(admission), seen, request)
}

/** What is known of somebody at the door of a meeting. */
export const factsOf = (
  { meeting, host, member, belongs }: Seen,
  { principal, byCode, joinToken }: Pick<JoinRequest, 'principal' | 'byCode' | 'joinToken'>,
): AdmissionFacts => ({
  type: meeting.type,
  over: isOver(meeting.status),
  guestsAllowed: meeting.settings.guestsAllowed,
  waitingRoom: meeting.settings.waitingRoom,
  byCode,
  host,
  guest: principal.kind === 'guest',
  belongs,
  banned: member?.banned_at != null,
  mustWait: member?.must_wait ?? false,
  admitted: member?.admitted_at != null,
  role: member?.role ?? null,
  joinToken: joinToken === undefined ? null : roleByToken(joinToken, member, principal),
  passcode: meeting.passcode_hash === null ? 'none' : 'unchecked',
})

/** A role that was changed or taken back since the token was used stays so. */
function roleByToken({ token, held }: HeldToken, member: Seen['member'], { kind }: Principal): GivenRole {
  return held ? (member?.role ?? (kind === 'guest' ? 'guest' : 'participant')) : token.role
}

async function issue(context: Context, entry: Entry, { meeting }: Seen, request: JoinRequest): Promise<Joined> {
  const { principal, base, once } = request
  const at = now(context)
  const roomToken = newRoomToken()
  const { ROOM_TOKEN_TTL_SECONDS: expiresIn } = context.config
  const signaling = signalingUrl(base, meeting.id)
  const joining = { meeting: toMeeting(meeting, base), roomToken, expiresIn, signalingUrl: signaling }
  const draft: Draft = {
    hash: hashOf(roomToken),
    meeting_id: meeting.id,
    user_id: principal.userId,
    name: request.displayName ?? principal.name,
    role: entry.role,
    guest: principal.kind === 'guest',
    admission: entry.kind,
    expires_at: new Date(at.getTime() + expiresIn * 1000),
  }
  const token = entry.role === 'host' ? undefined : request.joinToken
  if (entry.kind === 'enter' && token === undefined) {
    return context.lines.comingIn(meeting.id, () =>
      once.transaction(context.db, async (db) => {
        await insertRoomToken(db, { ...draft, participant_id: newId() })
        return { joining, place: null }
      }),
    )
  }
  const waiting = await changing(context, meeting.id, (trx) =>
    once.in(trx, async () => ({ joining, place: await issueWith(trx, draft, token, at) })),
  )
  if (waiting.place?.lv != null) context.tellLobby(meeting.id, waiting.place.lv)
  return waiting
}

/** In a transaction: the room token together with what it depends on, a use of the join token or a place in the queue. */
async function issueWith(trx: Db, draft: Draft, used: HeldToken | undefined, at: Date): Promise<Place | null> {
  const person = { meetingId: draft.meeting_id, userId: draft.user_id, name: draft.name, guest: draft.guest }
  const place = draft.admission === 'wait' ? await placeIfNeeded(trx, person, at) : null
  if (used !== undefined) await spendUse(trx, used.token, person, at)
  const admission = place === null ? 'enter' : 'wait'
  await insertRoomToken(trx, { ...draft, admission, participant_id: place?.participantId ?? newId() })
  return place
}

function entryOrThrow(admission: Admission): Entry {
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
