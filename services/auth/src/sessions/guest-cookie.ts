import type { FastifyRequest } from 'fastify'
import type { Browsers } from './credentials.ts'
import { refuseForeignOrigin } from './origin.ts'

/** A browser's guest stays the same one for so long after the last visit. Bans last as long. */
export const guestKeyTtlMs = 90 * 24 * 3600_000

/**
 * The cookie that keeps a browser's guest identity.
 * @throws ProblemError `origin-not-allowed` when another origin's page sent it
 */
export function presentedGuestKey(request: FastifyRequest, { originOf, cookies }: Browsers): string | undefined {
  const key = cookies.read('guest', request)
  if (key === undefined || !/^[\w-]{43}$/.test(key)) return undefined
  refuseForeignOrigin(request.headers, originOf)
  return key
}

/** A `Set-Cookie`, in answer to `request`, that keeps it anew. */
export const guestCookie = (request: FastifyRequest, key: string, { cookies }: Browsers): string =>
  cookies.set('guest', request, { value: key, maxAge: guestKeyTtlMs / 1000 })
