import type { Revocation, VerificationRequest } from '@parley/contracts'
import { mailboxOf, ProblemError, shownAddress, type Clock, type Limiter } from '@parley/kit'
import type { AccountMails } from '../mails/account-mails.ts'
import { dropMailTokens, findMailToken, spendMailToken } from '../mails/store.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { hashOf } from '../random-token.ts'
import { endEverySession, endOtherSessions } from '../sessions/endings.ts'
import type { Db, MailTokenRow } from '../tables.ts'
import type { KeyedQueue } from './keyed-queue.ts'
import type { WorkOf } from './password-work.ts'
import { findUser, markRefused, markVerified, setPassword } from './store.ts'

export interface Recovery {
  /** Ends the other sessions. Rejects with `invalid-credentials` for a wrong current password. */
  change(
    who: { userId: string; sessionId: string; address: string },
    passwords: { current: string; next: string },
  ): Promise<void>
  /** Orders a mail, if there is such an account; does the same for every address. `base` is what its link begins with. */
  forgot(email: string, base: string): Promise<void>
  /** Ends every session, and the address counts as verified. Rejects with `invalid-link`. */
  reset(token: string, password: string, address: string): Promise<void>
  /** Rejects with `invalid-link`. */
  verifyEmail(token: string): Promise<void>
  /** Which account a verification link is for. Rejects with `invalid-link`. */
  readVerification(token: string): Promise<VerificationRequest>
  /** The owner of the address says that the account is not theirs. Rejects with `invalid-link`. */
  refuseVerification(token: string): Promise<void>
  /** Orders another verification mail, unless the address is verified. */
  resend(userId: string, base: string): Promise<void>
}

export interface RecoveryDeps {
  db: Db
  clock: Clock
  passwords: Passwords
  /** Whose work a hash is. */
  workOf: WorkOf
  mails: AccountMails
  accountQueue: KeyedQueue
  /** Mails to one address. */
  mailLimit: Limiter
  /** Tells everybody of a revocation; called after its transaction has committed. */
  revoked(revocation: Revocation): void
}

/** Changes a password, with the old one or by mail, and verifies an e-mail address. */
export const createRecovery = (deps: RecoveryDeps): Recovery => ({
  change: (who, passwords) => change(deps, who, passwords),
  forgot: (email, base) => forgot(deps, email, base),
  reset: (token, password, address) => reset(deps, { token, password, address }),
  verifyEmail: (token) => verifyEmail(deps, token),
  readVerification: (token) => readVerification(deps, token),
  refuseVerification: (token) => refuseVerification(deps, token),
  resend: (userId, base) => resend(deps, userId, base),
})

async function change(
  { db, clock, accountQueue, revoked, workOf, ...deps }: RecoveryDeps,
  { userId, sessionId, address }: { userId: string; sessionId: string; address: string },
  { current, next }: { current: string; next: string },
): Promise<void> {
  const user = await findUser(db, userId)
  const passwords = deps.passwords.of(await workOf(address, userId))
  const match = await passwords.verify(current, user?.password_hash ?? null)
  if (match === 'none' || user === undefined) throw wrongPassword()
  const hash = await passwords.hash(next, 'newPassword')
  const at = new Date(clock.now())
  const put = async (trx: Db): Promise<Revocation[]> => {
    // Somebody else has changed it since: what was checked is not the password any more.
    if (!(await setPassword(trx, userId, { hash, version: user.password_version, at }))) throw wrongPassword()
    await dropMailTokens(trx, userId, 'reset')
    return endOtherSessions(trx, userId, sessionId, at)
  }
  const revocations = await accountQueue(userId, () => db.transaction().execute(put))
  for (const revocation of revocations) revoked(revocation)
}

const wrongPassword = (): ProblemError =>
  new ProblemError('invalid-credentials', 'That is not the current password; if you have none, ask for a link by mail')

async function forgot({ db, mails, mailLimit }: RecoveryDeps, address: string, base: string): Promise<void> {
  // Beyond it nothing is sent and nothing is said: the mails that went out still work, and nobody is locked out.
  if (!(await mailLimit.take(mailboxOf(address))).allowed) return
  await mails.orderReset(db, address, base)
  mails.kick()
}

async function reset(
  { db, clock, accountQueue, revoked, workOf, ...deps }: RecoveryDeps,
  { token, password, address }: { token: string; password: string; address: string },
): Promise<void> {
  const presented = { hash: hashOf(token), purpose: 'reset', now: new Date(clock.now()) } as const
  // Looked at first: a guess does not cost a hash.
  const { user_id: userId } = orBadLink(await findMailToken(db, presented))
  const passwords = deps.passwords.of(await workOf(address, userId))
  const hash = await passwords.hash(password, 'newPassword')
  const put = async (trx: Db): Promise<Revocation[]> => {
    const { email } = orBadLink(await spendMailToken(trx, presented))
    await setPassword(trx, userId, { hash, at: presented.now })
    await markVerified(trx, userId, email, presented.now)
    await dropMailTokens(trx, userId, 'verify')
    return endEverySession(trx, userId, presented.now)
  }
  const revocations = await accountQueue(userId, () => db.transaction().execute(put))
  for (const revocation of revocations) revoked(revocation)
}

async function verifyEmail({ db, clock }: RecoveryDeps, token: string): Promise<void> {
  const now = new Date(clock.now())
  await db.transaction().execute(async (trx) => {
    // The link stays good until it expires: whoever opens it again is told that all is done.
    const asked = orBadLink(await findMailToken(trx, { hash: hashOf(token), purpose: 'verify', now }))
    await markVerified(trx, asked.user_id, asked.email, now)
  })
}

async function readVerification({ db, clock }: RecoveryDeps, token: string): Promise<VerificationRequest> {
  const now = new Date(clock.now())
  const { user_id: userId, email } = orBadLink(await findMailToken(db, { hash: hashOf(token), purpose: 'verify', now }))
  const user = await findUser(db, userId)
  if (user === undefined) throw badLink()
  const confirmed = user.email === email && user.email_verified_at !== null
  return { email: shownAddress(email), name: user.name, createdAt: user.created_at.toISOString(), confirmed }
}

async function refuseVerification({ db, clock }: RecoveryDeps, token: string): Promise<void> {
  const now = new Date(clock.now())
  await db.transaction().execute(async (trx) => {
    const spent = orBadLink(await spendMailToken(trx, { hash: hashOf(token), purpose: 'verify', now }))
    // The same link cannot take a confirmation back.
    const user = await findUser(trx, spent.user_id)
    if (user?.email_verified_at !== null) throw badLink()
    await markRefused(trx, spent.user_id, spent.email, now)
  })
}

async function resend({ db, mails }: RecoveryDeps, userId: string, base: string): Promise<void> {
  const user = await findUser(db, userId)
  if (user === undefined || user.email === null || !(await mails.mayVerify(user.email))) return
  await mails.orderVerification(db, userId, base)
  mails.kick()
}

function orBadLink(token: MailTokenRow | undefined): MailTokenRow {
  if (token === undefined) throw badLink()
  return token
}

const badLink = (): ProblemError =>
  new ProblemError('invalid-link', 'This link is used, expired, or replaced by a newer one; ask for another mail')
