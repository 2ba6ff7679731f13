import type { Context } from '../context.ts'
import { claimInvites, hasUnclaimed, holdsInvite } from './store.ts'

/**
 * Whether somebody is invited to a meeting and has not declined: by account, or by verified e-mail address. Asks auth only
 * where that could make a difference; while auth is away, nobody is taken for the owner of an address.
 */
export async function isInvited(context: Context, meetingId: string, userId: string): Promise<boolean> {
  if (await holdsInvite(context.db, meetingId, userId)) return true
  if (!(await hasUnclaimed(context.db, meetingId))) return false
  await claimByAddress(context, userId)
  return holdsInvite(context.db, meetingId, userId)
}

/** Finds the invites that went to the verified address of an account. From now on they are its own. */
export async function claimByAddress({ db, addressOf }: Context, userId: string): Promise<void> {
  const email = await addressOf(userId)
  if (email !== null) await claimInvites(db, email, userId)
}
