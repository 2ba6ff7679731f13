import { ProblemError } from '@parley/kit'
import type { Role } from '@parley/contracts'
import { roleIn } from '../role.ts'
import { findEntry } from '../store/lobby.ts'
import { findMember, type Person } from '../store/members.ts'
import { lockMeeting } from '../store/meetings.ts'
import { standingOf } from '../store/room-tokens.ts'
import type { Db, MeetingRow } from '../tables.ts'

export interface KnownPerson extends Person {
  role: Role
  banned: boolean
  /** Is or was in the meeting, or was admitted; not who only waits or was removed. */
  inside: boolean
}

/** In a transaction: locks a meeting that is not deleted. @throws ProblemError `not-found` */
export async function lockOrThrow(trx: Db, id: string): Promise<MeetingRow> {
  const meeting = await lockMeeting(trx, id)
  if (meeting === undefined || meeting.deleted_at !== null)
    throw new ProblemError('not-found', 'There is no such meeting')
  return meeting
}

/** Somebody that the meeting has seen in it, in its lobby or with a token. @throws ProblemError `not-found` */
export async function personOrThrow(trx: Db, meeting: MeetingRow, userId: string, at: Date): Promise<KnownPerson> {
  const whom = { meetingId: meeting.id, userId }
  const member = await findMember(trx, whom)
  const standing = await standingOf(trx, { ...whom, at })
  const entry = await findEntry(trx, whom)
  const host = meeting.host_id === userId
  const name = standing.name ?? member?.name ?? entry?.name ?? (host ? meeting.host_name : null)
  if (name === null) throw new ProblemError('not-found', 'Nobody of this id has been in the meeting')
  const guest = member?.guest ?? entry?.guest ?? standing.guest
  const role = roleIn(meeting, userId, { member, seenAs: standing.role }) ?? (guest ? 'guest' : 'participant')
  const removed = member?.banned_at != null || member?.must_wait === true
  const inside = host || (!removed && (standing.entered || member?.admitted_at != null))
  return { ...whom, name, guest, role, banned: member?.banned_at != null, inside }
}
