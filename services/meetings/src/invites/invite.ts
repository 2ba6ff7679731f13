import { shownAddress } from '@parley/kit'
import type { Invite, ReceivedInvite } from '@parley/contracts'
import { toMeeting } from '../meeting.ts'
import type { Base } from '../links.ts'
import type { MeetingRow } from '../tables.ts'
import type { InviteRow } from './tables.ts'

export const isGood = ({ status }: Pick<InviteRow, 'status'>): boolean => status === 'pending' || status === 'accepted'

/** An invite as the API shows it. Whether an address has an account is not told before its owner has accepted. */
export function toInvite(row: InviteRow): Invite {
  const userId = row.user_id ?? (row.status === 'accepted' ? row.claimed_by : null)
  return {
    id: row.id,
    meetingId: row.meeting_id,
    ...(row.email === null ? {} : { email: shownAddress(row.email) }),
    ...(userId === null ? {} : { userId }),
    status: row.status,
    ...(row.message === null ? {} : { message: row.message }),
    createdAt: row.created_at.toISOString(),
  }
}

/** The same for who is invited. */
export const toReceived = (row: InviteRow, meeting: MeetingRow, base: Base): ReceivedInvite => ({
  ...toInvite(row),
  invitedBy: { id: row.invited_by, name: row.invited_by_name },
  meeting: toMeeting(meeting, base),
})
