import type { InviteRow } from '../invites/tables.ts'
import { hashOf } from '../room-token.ts'

/** Where the events of an account, or of an address, are; also a segment of a bus subject. */
export const boxOf = (whose: { userId: string } | { email: string }): string =>
  'userId' in whose ? `u-${whose.userId}` : `m-${hashOf(whose.email)}`

/** Of the account that has the invite; until one has, of the address it went to. */
export function boxOfInvite({ user_id, claimed_by, claimed_by_guest, email }: InviteRow): string {
  const userId = user_id ?? (claimed_by_guest ? null : claimed_by)
  if (userId !== null) return boxOf({ userId })
  if (email === null) throw new Error('an invite is for an account or an address')
  return boxOf({ email })
}
