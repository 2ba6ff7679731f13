import { accessAudience, tokenIssuer, type AccessClaims, type Tokens } from '@parley/contracts'
import { toUser } from '../accounts/user.ts'
import type { SessionRow, UserRow } from '../tables.ts'

/** The result of a sign-in or a refresh, before it is known how the refresh token travels. */
export interface Issued {
  tokens: Tokens
  refreshToken: string
  /** Seconds until the refresh token expires. */
  refreshExpiresIn: number
}

export interface IssuedTokens {
  user: UserRow
  session: Pick<SessionRow, 'id' | 'expires_at'>
  refreshToken: string
}

/** Signs an access token for a session. It never outlives the session. */
export function issue(
  { user, session, refreshToken }: IssuedTokens,
  { sign, now, accessTtlS }: { sign(claims: AccessClaims): string; now: number; accessTtlS: number },
): Issued {
  const iat = Math.floor(now / 1000)
  const refreshExpiresIn = Math.max(0, Math.floor((session.expires_at.getTime() - now) / 1000))
  const expiresIn = Math.min(accessTtlS, refreshExpiresIn)
  const accessToken = sign({
    iss: tokenIssuer,
    aud: accessAudience,
    typ: user.kind === 'guest' ? 'guest' : 'access',
    sub: user.id,
    sid: session.id,
    ep: user.epoch,
    name: user.name,
    iat,
    exp: iat + expiresIn,
  })
  return { tokens: { user: toUser(user), accessToken, tokenType: 'Bearer', expiresIn }, refreshToken, refreshExpiresIn }
}
