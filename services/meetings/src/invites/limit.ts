import { ProblemError, type Kv } from '@parley/kit'

export type InviteLimit = (inviter: string, email: string) => Promise<void>

/** So that nobody fills another's mailbox with our mails: 10 invites by one person to one address in an hour. */
export function createInviteLimit(kv: Pick<Kv, 'limiter'>): InviteLimit {
  const limiter = kv.limiter({ name: 'invite:address', points: 10, seconds: 3600 })
  return async (inviter, email) => {
    const { allowed, retryAfterMs } = await limiter.take(`${inviter}:${email}`)
    if (!allowed) throw new ProblemError('rate-limited', 'This address was invited too often', { retryAfterMs })
  }
}
