import type { FastifyRequest } from 'fastify'
import type { Cookies } from './cookie.ts'
import { refuseForeignOrigin, type OriginOf } from './origin.ts'

/** A refresh token, and the way it came. Its successor goes the same way if nobody asks for another one. */
export interface Presented {
  token: string
  by: 'body' | 'cookie'
}
/** The facts about browsers: whose page asks, and what we keep there. */
export interface Browsers {
  originOf: OriginOf
  cookies: Cookies
}

/**
 * The refresh token of a request: the one in the body, else the cookie's.
 * @throws ProblemError `origin-not-allowed` when another origin's page asks without one in the body, also when the browser
 * has kept the cookie back: the answer may change it
 */
export function presentedToken(
  fromBody: string | undefined,
  request: FastifyRequest,
  { originOf, cookies }: Browsers,
): Presented | undefined {
  if (fromBody !== undefined) return { token: fromBody, by: 'body' }
  refuseForeignOrigin(request.headers, originOf)
  const token = cookies.read('refresh', request)
  return token === undefined ? undefined : { token, by: 'cookie' }
}
