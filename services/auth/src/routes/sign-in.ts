import type { FastifyRequest } from 'fastify'
import { guestCookie, presentedGuestKey } from '../sessions/guest-cookie.ts'
import { readRefreshCookie } from '../sessions/cookie.ts'
import { baseOf, edgeOf } from '../sessions/edge.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { newRandomToken } from '../random-token.ts'
import type { Issued } from '../sessions/issue.ts'
import { deviceOf, granted } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

/** Whether the browser has an account that is signed in. */
async function hasAccount(sessions: Sessions, request: FastifyRequest): Promise<boolean> {
  const token = readRefreshCookie(request, edgeOf(request.headers))
  return token !== undefined && sessions.isAccount(token)
}

export const signIn = ({
  accounts,
  sessions,
  allowedOrigins,
  publicUrl,
}: RoutesDeps): Pick<AuthHandlers, 'register' | 'login' | 'guest'> => ({
  async register({ body: { tokenDelivery, ...account }, once, ...call }) {
    const { request } = call
    const answer = (issued: Issued) => granted(201, issued, { request, tokenDelivery })
    const by = { device: deviceOf(call), once: once(answer) }
    return answer(await accounts.register(account, baseOf(request.headers, publicUrl), by))
  },
  async login({ body: { tokenDelivery, ...credentials }, ...call }) {
    const { request } = call
    return granted(200, await accounts.login(credentials, deviceOf(call)), { request, tokenDelivery })
  },
  async guest({ body: { tokenDelivery, name }, once, ...call }) {
    const { request } = call
    const inBody = tokenDelivery === 'body'
    const key = inBody ? null : (presentedGuestKey(request, allowedOrigins) ?? newRandomToken())
    const cookies = key === null ? [] : [guestCookie(request, key)]
    // A guest never takes the place of an account: that one's cookie stays, and the guest has a token of its own.
    const delivery = (await hasAccount(sessions, request)) ? 'body' : tokenDelivery
    const answer = (issued: Issued) => granted(201, issued, { request, tokenDelivery: delivery, cookies })
    return answer(await accounts.guest(name, key, { device: deviceOf(call), once: once(answer) }))
  },
})
