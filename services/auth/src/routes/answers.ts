import type { FastifyRequest } from 'fastify'
import type { Cookies } from '../sessions/cookie.ts'
import type { Issued } from '../sessions/issue.ts'
import type { Device } from '../sessions/sessions.ts'

export const noStore = { 'cache-control': 'no-store' }

interface Delivery {
  request: FastifyRequest
  cookies: Cookies
  tokenDelivery?: 'cookie' | 'body' | undefined
  /** Further values of `Set-Cookie`. */
  besides?: readonly string[]
}

/** Tokens, with the refresh token where the caller wants it. */
export function granted<S extends 200 | 201>(
  status: S,
  { tokens, refreshToken, refreshExpiresIn }: Issued,
  { request, cookies, tokenDelivery = 'cookie', besides = [] }: Delivery,
) {
  if (tokenDelivery === 'body')
    return { status, headers: noStore, body: { ...tokens, refreshToken }, cookies: [...besides] }
  const cookie = cookies.set('refresh', request, { value: refreshToken, maxAge: refreshExpiresIn })
  return { status, headers: noStore, body: tokens, cookies: [cookie, ...besides] }
}

const maxUserAgent = 300

export const deviceOf = ({ request, address }: { request: FastifyRequest; address: string }): Device => ({
  userAgent: request.headers['user-agent']?.slice(0, maxUserAgent) ?? null,
  address,
})
