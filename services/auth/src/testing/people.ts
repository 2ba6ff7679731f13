import type { Tokens } from '@parley/contracts'
import type { Ask, Reply, TestAuth } from './harness.ts'

let count = 0

/** A new account's e-mail address. */
export const freshEmail = (): string => `user-${Date.now().toString(36)}-${(count += 1)}@example.org`

export const password = 'correct horse battery'

export interface SignedIn extends Tokens {
  refreshToken: string
  email: string
}

/** Registers somebody new, with the refresh token in the body. */
export async function signUp(auth: TestAuth, fields: Record<string, unknown> = {}): Promise<SignedIn> {
  const email = freshEmail()
  const reply = await auth.call('POST', '/v1/auth/register', {
    body: { email, password, name: 'Ada', tokenDelivery: 'body', ...fields },
  })
  if (reply.status !== 201) throw new Error(`register answered ${reply.status}: ${reply.text}`)
  return { email, ...withRefreshToken(reply) }
}

/** The tokens of an answer that must hold a refresh token in its body. */
export function withRefreshToken(reply: Reply): Tokens & { refreshToken: string } {
  const { refreshToken, ...tokens } = reply.tokens()
  if (refreshToken === undefined) throw new Error(`no refresh token in ${reply.text}`)
  return { ...tokens, refreshToken }
}

export const refresh = (auth: TestAuth, refreshToken: string): Promise<Reply> =>
  auth.call('POST', '/v1/auth/refresh', { body: { refreshToken, tokenDelivery: 'body' } })

export const me = (auth: TestAuth, bearer: string): Promise<Reply> => auth.call('GET', '/v1/auth/me', { bearer })

/** Signs up by cookie, through a gateway that took the call by https. Returns the cookie as a browser would send it. */
export async function signUpByCookie(
  auth: TestAuth,
): Promise<{ cookie: string; setCookie: string; edge: Record<string, string> }> {
  const edge = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'meet.example' }
  const ask: Ask = { headers: edge, body: { email: freshEmail(), password, name: 'Ada' } }
  const [setCookie = ''] = (await auth.call('POST', '/v1/auth/register', ask)).cookies
  return { cookie: setCookie.split(';', 1)[0] ?? '', setCookie, edge }
}
