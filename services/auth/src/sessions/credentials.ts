import type { FastifyRequest } from 'fastify'
import { readRefreshCookie } from './cookie.ts'
import { edgeOf } from './edge.ts'
import { refuseForeignOrigin } from './origin.ts'

/**
 * The refresh token of a request: the one in the body, else the cookie's.
 * @throws ProblemError `origin-not-allowed` when another origin's page asks without one in the body, also when the browser
 * has kept the cookie back: the answer may change it
 */
export function presentedToken(
  fromBody: string | undefined,
  request: FastifyRequest,
  allowedOrigins: readonly string[],
): string | undefined {
  if (fromBody !== undefined) return fromBody
  const edge = edgeOf(request.headers)
  refuseForeignOrigin(request.headers, edge, allowedOrigins)
  return readRefreshCookie(request, edge)
}
