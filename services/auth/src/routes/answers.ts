import type { FastifyRequest } from 'fastify'
import { refreshCookie } from '../sessions/cookie.ts'
import type { Issued } from '../sessions/issue.ts'
import type { Device } from '../sessions/sessions.ts'

export const noStore = { 'cache-control': 'no-store' }

interface Delivery {
  request: FastifyRequest
  tokenDelivery?: 'cookie' | 'body' | undefined
  /** Further values of `Set-Cookie`. */
  cookies?: readonly string[]
}

/** Tokens, with the refresh token where the caller wants it. */
export function granted<S extends 200 | 201>(
  status: S,
  { tokens, refreshToken, refreshExpiresIn }: Issued,
  { request, tokenDelivery = 'cookie', cookies = [] }: Delivery,
) {
  if (tokenDelivery === 'body') return { status, headers: noStore, body: { ...tokens, refreshToken }, cookies }
  const cookie = refreshCookie(request, refreshToken, refreshExpiresIn)
  return { status, headers: noStore, body: tokens, cookies: [cookie, ...cookies] }
}

const maxUserAgent = 300

export const deviceOf = ({ request, address }: { request: FastifyRequest; address: string }): Device => ({
  userAgent: request.headers['user-agent']?.slice(0, maxUserAgent) ?? null,
  address,
})
