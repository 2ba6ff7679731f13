import { isUniqueViolation, newId, ProblemError, type Clock } from '@parley/kit'
import { emailKey, findUserByEmail, insertUser } from '../accounts/store.ts'
import type { AccountMails } from '../mails/account-mails.ts'
import type { Issued } from '../sessions/issue.ts'
import { existing, type Device, type Sessions } from '../sessions/sessions.ts'
import type { Db, UserRow } from '../tables.ts'
import type { Identity } from './identity.ts'
import { findIdentityUser, identityKey, insertIdentity } from './store.ts'

export interface IdentitiesDeps {
  clock: Clock
  sessions: Sessions
  mails: AccountMails
}

/** Signs in whom an issuer has vouched for; `base` is what links in a mail begin with. */
export type SignInIdentity = (identity: Identity, base: string, device: Device) => Promise<Issued>

/** Accounts of people that an issuer knows, by issuer and subject: found, linked or made. */
export function createIdentities({ clock, sessions, mails }: IdentitiesDeps): SignInIdentity {
  async function userOf(trx: Db, identity: Identity, base: string): Promise<UserRow> {
    const { issuer, subject, email, emailVerified } = identity
    const known = await findIdentityUser(trx, issuer, subject)
    if (known !== undefined) return existing(known)(trx)
    const at = new Date(clock.now())
    const local = await findUserByEmail(trx, email)
    if (local !== undefined) refuseUnproven(identity, local)
    const user = local ?? (await insertUser(trx, newUser(identity, at)))
    await insertIdentity(trx, { issuer, subject, user_id: user.id, created_at: at })
    if (local === undefined && !emailVerified) await mails.orderVerification(trx, user.id, base)
    return user
  }
  return async (identity, base, device) => {
    const open = () => sessions.open((trx) => userOf(trx, identity, base), device)
    const issued = await open().catch((error: unknown) => {
      // Two tabs at once: the other one has made it, so this one finds it.
      if (isUniqueViolation(error, identityKey) || isUniqueViolation(error, emailKey)) return open()
      throw error
    })
    mails.kick()
    return issued
  }
}

/**
 * Links only where both sides have shown that the address is theirs. Otherwise a stranger could register with somebody's address first. The
 * owner would then share that account after signing in at the provider (account pre-hijacking).
 */
function refuseUnproven({ emailVerified }: Identity, local: UserRow): void {
  if (emailVerified && local.email_verified_at !== null) return
  const detail = emailVerified
    ? 'There is an account with this e-mail address that nobody has confirmed; set a new password by mail first'
    : 'There is an account with this e-mail address, and the provider has not verified that the address is yours'
  throw new ProblemError('identity-conflict', detail)
}

const newUser = ({ email, emailVerified, name }: Identity, at: Date) =>
  ({
    id: newId(),
    kind: 'user',
    email,
    email_verified_at: emailVerified ? at : null,
    name,
    username: null,
    password_hash: null,
    created_at: at,
    updated_at: at,
  }) as const
