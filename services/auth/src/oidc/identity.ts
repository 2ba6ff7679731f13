import { ProblemError } from '@parley/kit'
import { normaliseEmail } from '../accounts/user.ts'

/** Somebody, as an issuer knows them. */
export interface Identity {
  issuer: string
  subject: string
  email: string
  /** Whether the issuer says that the address is theirs. */
  emailVerified: boolean
  name: string
}

/** Claims of an ID token whose signature, issuer and audience have been checked, or of userinfo. */
export interface Claims {
  iss: string
  sub: string
  email?: unknown
  email_verified?: unknown
  name?: unknown
  given_name?: unknown
}

/** @throws ProblemError `oauth-failed` when there is no e-mail address, which every account has */
export function identityOf(claims: Claims): Identity {
  const email = typeof claims.email === 'string' ? normaliseEmail(claims.email) : ''
  if (!/^[^\s@<>\p{Cc}]{1,64}@[^\s@<>\p{Cc}]{1,189}$/u.test(email))
    throw new ProblemError('oauth-failed', 'The provider did not tell an e-mail address')
  // Some issuers write booleans as text.
  const emailVerified = claims.email_verified === true || claims.email_verified === 'true'
  return { issuer: claims.iss, subject: claims.sub, email, emailVerified, name: nameOf(claims, email) }
}

function nameOf({ name, given_name: givenName }: Claims, email: string): string {
  for (const one of [name, givenName, email.split('@', 1)[0]]) {
    const clean = typeof one === 'string' ? one.replace(/\p{Cc}+/gu, ' ').trim() : ''
    if (clean !== '') return Array.from(clean).slice(0, 40).join('')
  }
  return 'User'
}
