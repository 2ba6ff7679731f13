import { accessAudience, Id, tokenIssuer, type Principal } from '@parley/contracts'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { ProblemError } from '../problem.ts'

/** No token of ours lives longer; a longer one was not made by us as it should have been. */
const maxLifetimeS = 24 * 3600
export const toleranceS = 30

const seconds = Type.Integer({ minimum: 0, maximum: 253_402_300_799 })
const Claims = Type.Object({
  iss: Type.Literal(tokenIssuer),
  aud: Type.Literal(accessAudience),
  typ: Type.Union([Type.Literal('access'), Type.Literal('guest')]),
  sub: Id,
  sid: Id,
  ep: Type.Integer({ minimum: 0 }),
  name: Type.String({ maxLength: 200 }),
  iat: seconds,
  exp: seconds,
})
const validator = Compile(Claims)

/** Reads the claims of a token whose signature and times have been checked. */
export function principalOrThrow(claims: unknown, nowMs: number): Principal {
  if (!validator.Check(claims)) throw new ProblemError('unauthenticated')
  const { typ, sub, sid, ep, name, iat, exp } = claims
  if (iat > nowMs / 1000 + toleranceS || exp - iat > maxLifetimeS) throw new ProblemError('unauthenticated')
  return { userId: sub, sessionId: sid, kind: typ === 'guest' ? 'guest' : 'user', name, epoch: ep, expiresAt: exp }
}
