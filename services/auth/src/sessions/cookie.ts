import type { FastifyRequest } from 'fastify'
import '@fastify/cookie'
import { edgeOf, type Edge } from './edge.ts'

/**
 * The cookie of the refresh token. Over https the `__Host-` prefix ties it to this host and to TLS (RFC 6265bis), at the
 * price of `Path=/`; over plain http, for development, the prefix is not to be had, and the path is narrow instead.
 */
const kindOf = ({ secure }: Edge) =>
  secure
    ? { name: '__Host-parley_refresh', path: '/', secure: true }
    : { name: 'parley_refresh', path: '/v1/auth', secure: false }

/** The refresh token that the browser sent, if any. */
export const readRefreshCookie = (request: FastifyRequest, edge: Edge): string | undefined =>
  request.cookies[kindOf(edge).name] || undefined

/** A `Set-Cookie`, in answer to `request`, that keeps the token for `maxAge` seconds. */
export function refreshCookie(request: FastifyRequest, token: string, maxAge: number): string {
  const { name, path, secure } = kindOf(edgeOf(request.headers))
  return request.server.serializeCookie(name, token, { path, secure, maxAge, httpOnly: true, sameSite: 'strict' })
}

/** A `Set-Cookie` that makes the browser forget it. */
export const clearedCookie = (request: FastifyRequest): string => refreshCookie(request, '', 0)
