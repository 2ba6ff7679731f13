import type { Role } from '@parley/contracts'
import type { MeetingRow } from './tables.ts'
import type { MemberRow } from './tables-admission.ts'

interface Known {
  member: Pick<MemberRow, 'role' | 'guest'> | undefined
  /** As last seen in the room, or as a token says. */
  seenAs: Role | null
}

/**
 * The role of somebody in a meeting; null for who has none. A decision counts for more than the role last seen. Only the person that the meeting names is its host.
 */
export function roleIn(meeting: MeetingRow, userId: string, { member, seenAs }: Known): Role | null {
  if (meeting.host_id === userId) return 'host'
  if (member?.role != null) return member.role
  if (seenAs === 'host') return 'participant'
  if (member !== undefined && seenAs === 'cohost') return member.guest ? 'guest' : 'participant'
  return seenAs
}

export const leads = (role: Role | null): boolean => role === 'host' || role === 'cohost'
