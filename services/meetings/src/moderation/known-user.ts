import { ProblemError } from '@parley/kit'
import type { Role } from '@parley/contracts'
import { isBanned, standingOf } from '../standing.ts'
import { findArrival } from '../store/arrival.ts'
import { findEntry } from '../store/lobby.ts'
import type { MeetingUser } from '../store/members.ts'
import type { Db, MeetingRow } from '../tables.ts'

export interface KnownUser extends MeetingUser {
  role: Role
  banned: boolean
  /** Is or was in the meeting, or was admitted; not who only waits or was removed. */
  inside: boolean
}

/** Somebody that the meeting has seen in it, in its lobby or with a token. @throws ProblemError `not-found` */
export async function knownUserOrThrow(trx: Db, meeting: MeetingRow, userId: string, at: Date): Promise<KnownUser> {
  const whom = { meetingId: meeting.id, userId }
  const nobody = () => new ProblemError('not-found', 'No participant with this id has been in the meeting')
  const arrival = await findArrival(trx, { ...whom, at })
  if (arrival === undefined) throw nobody()
  const standing = standingOf(arrival, at)
  const entry = await findEntry(trx, whom)
  const name = standing.name ?? entry?.name
  if (name === undefined) throw nobody()
  const guest = arrival.member?.guest ?? entry?.guest ?? standing.guest
  const role = standing.role ?? (guest ? 'guest' : 'participant')
  return { ...whom, name, guest, role, banned: isBanned(arrival), inside: standing.inside }
}
