import { authBus, type Principal } from '@parley/contracts'
import { request, ProblemError } from '@parley/kit'
import type { Context } from '../context.ts'

/**
 * Our mail goes to strangers only for those who have shown that their own address is theirs.
 * @throws ProblemError `email-not-verified`; `unavailable` while auth cannot be asked
 */
export async function refuseUnverified({ bus, addressOf }: Context, { userId }: Principal): Promise<void> {
  if ((await addressOf(userId)) !== null) return
  const { emailVerified } = await request(bus, authBus.account, { userId })
  if (emailVerified) return
  throw new ProblemError(
    'email-not-verified',
    'Invitations by mail name who invites. Open the link in the mail that we sent you when you signed up, or have another sent',
  )
}
