import type { Role } from '@parley/contracts'
import { decideAdmission, type Admission, type AdmissionFacts } from './admission.ts'
import { isOver, whyOver } from './meeting.ts'
import { roleIn } from './role.ts'
import type { Arrival } from './store/arrival.ts'
import type { MeetingRow } from './tables.ts'
import type { GivenRole } from './tables-admission.ts'

/** The credentials shown at the door of a meeting, beside the identity. */
export interface Shown {
  guest: boolean
  byCode: boolean
  /** Of a join token that they may take a use of, or hold one of. */
  joinToken: GivenRole | null
  /** The passcode that they knew, as the meeting kept it; null for none, undefined: they may yet say one. */
  passcode: string | null | undefined
}

/** How somebody stands to a meeting by what is written down, as of one moment. */
export interface Standing {
  host: boolean
  /** Null for who has none in this meeting. */
  role: Role | null
  /** As last shown in the meeting; null for who was never there. */
  name: string | null
  /** As far as is known. */
  guest: boolean
  /** Is or was in it, was admitted, or is just coming in; not who waits or was removed. */
  inside: boolean
  /** Has been in it, was let in, or waits and could be; and is not banned. An unused room token counts for nothing. */
  belongs: boolean
  /** Knows the code, or got past it: has come by it before, or waits. */
  knowsCode: boolean
}

/** A person who spent a room token is in the room, and their fact is on its way; after this long they were not let in. */
export const arrivingMs = 60_000

export const isBanned = ({ member }: Pick<Arrival, 'member'>): boolean => member?.banned_at != null

/** Has been in the meeting or was let in, by what is decided and what has happened. */
type Decided = Pick<Arrival, 'meeting' | 'userId' | 'member' | 'stay'>
const isKnown = ({ meeting, userId, stay, member }: Decided): boolean =>
  meeting.host_id === userId || stay !== undefined || member?.admitted_at != null || member?.role != null

/** The facts that an admission is decided on, for every way in. `invited` matters only where not everybody is. */
export function admissionFactsOf(arrival: Decided, shown: Shown, invited: boolean): AdmissionFacts {
  const { meeting, member, userId } = arrival
  return {
    type: meeting.type,
    over: isOver(meeting.status),
    ...(meeting.end_reason !== null && { whyOver: whyOver[meeting.end_reason] }),
    guestsAllowed: meeting.settings.guestsAllowed,
    waitingRoom: meeting.settings.waitingRoom,
    byCode: shown.byCode,
    host: meeting.host_id === userId,
    guest: shown.guest,
    belongs: isKnown(arrival) || invited,
    banned: isBanned(arrival),
    mustWait: member?.must_wait ?? false,
    admitted: member?.admitted_at != null,
    role: member?.role ?? null,
    joinToken: shown.joinToken,
    passcode: passcodeOf(meeting, shown.passcode),
  }
}

/** A passcode that was right is not, once the meeting has another. */
function passcodeOf({ passcode_hash: hash }: MeetingRow, known: Shown['passcode']): AdmissionFacts['passcode'] {
  if (hash === null) return 'none'
  if (known === undefined) return 'unchecked'
  return known === hash ? 'right' : 'missing'
}

/** The role that a use of a join token stands for: one that was changed or taken back since it was taken stays so. */
export const roleByUse = ({ member }: Pick<Arrival, 'member'>, guest: boolean): GivenRole =>
  member?.role ?? (guest ? 'guest' : 'participant')

export function standingOf(arrival: Arrival, at: Date): Standing {
  const { meeting, userId, member, stay, token, waits } = arrival
  const host = meeting.host_id === userId
  const now = admissionNow(arrival)
  const spent = token?.used_at != null && at.getTime() - token.used_at.getTime() < arrivingMs
  const arriving = spent && now.kind === 'enter'
  const removed = isBanned(arrival) || member?.must_wait === true
  const waiting = waits && (now.kind === 'enter' || now.kind === 'wait')
  const seenAs = stay?.role ?? (arriving ? now.role : null)
  return {
    host,
    role: roleIn(meeting, userId, { member, seenAs }),
    name: stay?.name ?? token?.name ?? member?.name ?? (host ? meeting.host_name : null),
    guest: member?.guest ?? token?.guest ?? stay?.role === 'guest',
    inside: host || (!removed && (stay !== undefined || member?.admitted_at != null || arriving)),
    belongs: !isBanned(arrival) && (isKnown(arrival) || arriving || waiting),
    knowsCode: waits || token?.by_code === true,
  }
}

/** The door's verdict now, on the credentials shown at entry. */
function admissionNow(arrival: Arrival): Admission {
  const { meeting, token, waits, holdsUse } = arrival
  const guest = token?.guest ?? arrival.member?.guest ?? false
  const shown: Shown = {
    guest,
    byCode: waits || token?.by_code === true,
    joinToken: holdsUse ? roleByUse(arrival, guest) : null,
    // A person in the lobby has been past the passcode.
    passcode: waits ? meeting.passcode_hash : (token?.passcode_hash ?? null),
  }
  return decideAdmission(admissionFactsOf(arrival, shown, false))
}
