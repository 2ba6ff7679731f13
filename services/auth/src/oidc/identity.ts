import { ProblemError, readAddress, repairName } from '@parley/kit'

/** Somebody, as an issuer knows them. */
export interface Identity {
  issuer: string
  subject: string
  email: string
  /** Whether the issuer says that the address is theirs. */
  emailVerified: boolean
  name: string
}

const maxName = 40

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
  const read = readAddress(typeof claims.email === 'string' ? claims.email : '')
  if ('fault' in read) throw new ProblemError('oauth-failed', 'The provider did not give an e-mail address')
  const email = read.value
  // Some issuers write booleans as text.
  const emailVerified = claims.email_verified === true || claims.email_verified === 'true'
  return { issuer: claims.iss, subject: claims.sub, email, emailVerified, name: nameOf(claims, email) }
}

function nameOf({ name, given_name: givenName }: Claims, email: string): string {
  for (const one of [name, givenName, email.split('@', 1)[0]]) {
    const name = typeof one === 'string' ? repairName(Array.from(one).slice(0, maxName).join(''), '') : ''
    if (name !== '') return name
  }
  return 'User'
}
