import Type, { type Static } from 'typebox'
import { Id } from './ids.ts'

/** The caller, as read from a verified access token. */
export const Principal = Type.Object({
  userId: Id,
  sessionId: Id,
  kind: Type.Union([Type.Literal('user'), Type.Literal('guest')]),
  name: Type.String(),
  /** The user's revocation epoch that the token was issued under. */
  epoch: Type.Integer(),
  /** Seconds since 1970 (the token's `exp`). */
  expiresAt: Type.Integer(),
})
export type Principal = Static<typeof Principal>

/** Claims of an access token (RFC 7519). `typ` keeps kinds of tokens apart; `aud` and `iss` are fixed. */
export interface AccessClaims {
  iss: string
  aud: string
  typ: 'access' | 'guest'
  sub: string
  sid: string
  ep: number
  name: string
  iat: number
  exp: number
}
export const tokenIssuer = 'parley'
export const accessAudience = 'parley-api'
