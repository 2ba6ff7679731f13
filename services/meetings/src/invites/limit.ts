import { mailboxOf, ProblemError, type Kv, type Limiter } from '@parley/kit'

export interface InviteLimit {
  /** Counts an invite by mail. Rejects with `rate-limited`. */
  takeOrThrow(inviter: string, email: string): Promise<void>
  /** Counts another mail to who was invited; how long it has to wait, ms. */
  waitOf(email: string): Promise<number>
}

const hour = 3600

/**
 * So that nobody fills others' mailboxes with our mails: in an hour 100 invites by one person, 20 to one mailbox, and 10 by one person to
 * one mailbox. A suffix after `+` does not make another mailbox.
 */
export function createInviteLimit(kv: Pick<Kv, 'limiter'>): InviteLimit {
  const senders = kv.limiter({ name: 'invite:sender', points: 100, seconds: hour })
  const mailboxes = kv.limiter({ name: 'invite:mailbox', points: 20, seconds: hour })
  const pairs = kv.limiter({ name: 'invite:address', points: 10, seconds: hour })
  return {
    async takeOrThrow(inviter, email) {
      const mailbox = mailboxOf(email)
      await take(senders, inviter, 'You have invited many people by mail in this hour; the rest can have the link')
      await take(pairs, `${inviter}:${mailbox}`, 'This address was invited too often')
      await take(mailboxes, mailbox, 'This address was invited too often')
    },
    async waitOf(email) {
      const { allowed, retryAfterMs } = await mailboxes.take(mailboxOf(email))
      return allowed ? 0 : retryAfterMs
    },
  }
}

async function take(limiter: Limiter, key: string, detail: string): Promise<void> {
  const { allowed, retryAfterMs } = await limiter.take(key)
  if (!allowed) throw new ProblemError('rate-limited', detail, { retryAfterMs })
}
