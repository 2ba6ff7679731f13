import { fillLink, mailboxOf, putMail, type Clock, type Limiter, type Mail } from '@parley/kit'
import { findUser, findUserByEmail } from '../accounts/store.ts'
import type { AuthConfig } from '../config.ts'
import { hashOf, newRandomToken } from '../random-token.ts'
import type { Db, MailTokenRow, UserRow } from '../tables.ts'
import { replaceMailToken } from './store.ts'
import { resetMail, verificationMail } from './texts.ts'

/**
 * The mails that wait in the outbox. The token is made when the mail is sent: a dump of the database never holds one, and a mail
 * that waited for its server does not arrive expired. Whether an address is known is looked up then, too.
 */
type Order = { kind: 'verify'; userId: string; base: string } | { kind: 'reset'; email: string; base: string }

export interface AccountMails {
  /**
   * Whether an address may be asked to confirm itself now; counts it. Its mailbox gets few such mails an hour, whoever registers
   * with however many spellings of it. Without a mail the account stays unverified, and may ask again.
   */
  mayVerify(email: string): Promise<boolean>
  /** Part of a transaction; nothing is sent to a verified address. `base` is what links begin with. */
  orderVerification(trx: Db, userId: string, base: string): Promise<void>
  /** Costs the same for any address; nothing is sent to one that no account has. */
  orderReset(db: Db, email: string, base: string): Promise<void>
  /** After the commit: do not wait for the next look into the outbox. */
  kick(): void
}

export const createAccountMails = (clock: Clock, limit: Limiter, kick: () => void): AccountMails => ({
  mayVerify: async (email) => (await limit.take(mailboxOf(email))).allowed,
  orderVerification: (trx, userId, base) => put(trx, { kind: 'verify', userId, base }, clock),
  orderReset: (db, email, base) => put(db, { kind: 'reset', email, base }, clock),
  kick,
})

const put = (db: Db, order: Order, clock: Clock): Promise<void> => putMail(db, order, clock.now())

const hourMs = 3600_000
const lifetimes = { reset: hourMs, verify: 72 * hourMs }

/** Where the links of the mails lead. */
export type LinkConfig = Pick<AuthConfig, 'FRONTEND_URL' | 'VERIFY_LINK_TEMPLATE' | 'RESET_LINK_TEMPLATE'>

/** Makes the mail of an order, with a new token; null when nobody is to get it. */
export const createRender =
  (db: Db, clock: Clock, links: Readonly<LinkConfig>) =>
  async (payload: unknown): Promise<Mail | null> => {
    // Written by `put` of this or the previous version.
    const order = payload as Order
    const user = await recipient(db, order)
    const email = user?.email
    if (user === undefined || email === null || email === undefined) return null
    const token = newRandomToken()
    const expiresAt = new Date(clock.now() + lifetimes[order.kind])
    await replaceMailToken(db, tokenRow(user, { email, purpose: order.kind, hash: hashOf(token), expiresAt }))
    const filled = { frontend: links.FRONTEND_URL ?? order.base, token }
    return order.kind === 'reset'
      ? resetMail(email, fillLink(links.RESET_LINK_TEMPLATE, filled))
      : verificationMail(user.name, email, fillLink(links.VERIFY_LINK_TEMPLATE, filled))
  }

async function recipient(db: Db, order: Order): Promise<UserRow | undefined> {
  if (order.kind === 'reset') return findUserByEmail(db, order.email)
  const user = await findUser(db, order.userId)
  return user?.email_verified_at === null && user.email_refused_at === null ? user : undefined
}

const tokenRow = (
  { id }: UserRow,
  { email, purpose, hash, expiresAt }: Pick<MailTokenRow, 'email' | 'purpose' | 'hash'> & { expiresAt: Date },
): MailTokenRow => ({ user_id: id, purpose, hash, email, expires_at: expiresAt })
