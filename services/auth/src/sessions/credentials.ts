import type { FastifyRequest } from 'fastify'
import { readRefreshCookie } from './cookie.ts'
import { edgeOf } from './edge.ts'
import { refuseForeignOrigin } from './origin.ts'

/**
 * The refresh token of a request: the one in the body, else the cookie's.
 * @throws ProblemError `origin-not-allowed` when it is the cookie's and another origin's page sent it
 */
export function presentedToken(
  fromBody: string | undefined,
  request: FastifyRequest,
  allowedOrigins: readonly string[],
): string | undefined {
  if (fromBody !== undefined) return fromBody
  const edge = edgeOf(request.headers)
  const fromCookie = readRefreshCookie(request, edge)
  if (fromCookie !== undefined) refuseForeignOrigin(request.headers, edge, allowedOrigins)
  return fromCookie
}
