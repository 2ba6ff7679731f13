import type { FastifyRequest } from 'fastify'
import '@fastify/cookie'
import { edgeOf, type Edge } from './edge.ts'
import { refuseForeignOrigin } from './origin.ts'

/** For how long after the last visit a browser's guest is the same one, and stays banned where it was banned. */
export const guestKeyTtlMs = 90 * 24 * 3600_000

const kindOf = ({ secure }: Edge) =>
  secure
    ? { name: '__Host-parley_guest', path: '/', secure: true }
    : { name: 'parley_guest', path: '/v1/auth', secure: false }

/**
 * What the browser keeps to be the same guest again.
 * @throws ProblemError `origin-not-allowed` when another origin's page sent it
 */
export function presentedGuestKey(request: FastifyRequest, allowedOrigins: readonly string[]): string | undefined {
  const edge = edgeOf(request.headers)
  const key = request.cookies[kindOf(edge).name]
  if (key === undefined || !/^[\w-]{43}$/.test(key)) return undefined
  refuseForeignOrigin(request.headers, edge, allowedOrigins)
  return key
}

/** A `Set-Cookie`, in answer to `request`, that keeps it anew. */
export function guestCookie(request: FastifyRequest, key: string): string {
  const { name, path, secure } = kindOf(edgeOf(request.headers))
  const maxAge = guestKeyTtlMs / 1000
  return request.server.serializeCookie(name, key, { path, secure, maxAge, httpOnly: true, sameSite: 'strict' })
}
