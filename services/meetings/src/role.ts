import type { Role } from '@parley/contracts'
import { findMember } from './store/members.ts'
import { standingOf } from './store/room-tokens.ts'
import type { Db, MeetingRow } from './tables.ts'
import type { MemberRow } from './tables-admission.ts'

interface Known {
  member: Pick<MemberRow, 'role' | 'guest'> | undefined
  /** As last seen in the room, or as a token says. */
  seenAs: Role | null
}

/**
 * The role of somebody in a meeting; null for who has none. What was decided counts for more than what was last seen,
 * and only who the meeting names is its host.
 */
export function roleIn(meeting: MeetingRow, userId: string, { member, seenAs }: Known): Role | null {
  if (meeting.host_id === userId) return 'host'
  if (member?.role != null) return member.role
  if (seenAs === 'host') return 'participant'
  if (member !== undefined && seenAs === 'cohost') return member.guest ? 'guest' : 'participant'
  return seenAs
}

/** The same as of now, by what is written down; also in a transaction. */
export async function roleNow(db: Db, meeting: MeetingRow, userId: string, at: Date): Promise<Role | null> {
  const member = await findMember(db, { meetingId: meeting.id, userId })
  const { role: seenAs } = await standingOf(db, { meetingId: meeting.id, userId, at })
  return roleIn(meeting, userId, { member, seenAs })
}

export const leads = (role: Role | null): boolean => role === 'host' || role === 'cohost'
