import type { FastifyRequest } from 'fastify'
import '@fastify/cookie'
import { edgeOf } from './edge.ts'
import type { OriginOf } from './origin.ts'

/** The cookie that the browser keeps. */
type CookieName = 'refresh' | 'guest'
interface NewCookie {
  value: string
  /** Seconds; 0 makes the browser forget it. */
  maxAge: number
}
export interface Cookies {
  /** The cookie that the browser sent, if any. */
  read(name: CookieName, request: FastifyRequest): string | undefined
  /** A `Set-Cookie` in answer to `request`. */
  set(name: CookieName, request: FastifyRequest, cookie: NewCookie): string
}

/**
 * Over https the `__Host-` prefix ties a cookie to this host and to TLS (RFC 6265bis). The price is `Path=/`; over plain http, for
 * development, the prefix is not to be had, and the path is narrow instead. A frontend of another site gets its cookie only as
 * `SameSite=None`, which browsers take only with `Secure`; `Partitioned` keeps it to that site's pages (CHIPS).
 */
export function createCookies(originOf: OriginOf): Cookies {
  const kindOf = (name: CookieName, { headers }: FastifyRequest) => {
    const crossSite = originOf(headers) === 'cross-site'
    return crossSite || edgeOf(headers).secure
      ? { name: `__Host-parley_${name}`, path: '/', secure: true, ...(crossSite ? farAway : sameSite) }
      : { name: `parley_${name}`, path: '/v1/auth', secure: false, ...sameSite }
  }
  return {
    read: (name, request) => request.cookies[kindOf(name, request).name] || undefined,
    set(cookie, request, { value, maxAge }) {
      const { name, ...attributes } = kindOf(cookie, request)
      return request.server.serializeCookie(name, value, { ...attributes, maxAge, httpOnly: true })
    },
  }
}
const sameSite = { sameSite: 'strict' } as const
const farAway = { sameSite: 'none', partitioned: true } as const
