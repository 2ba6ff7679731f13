import type { FastifyRequest } from 'fastify'
import { guestCookie, presentedGuestKey } from '../sessions/guest-cookie.ts'
import type { Cookies } from '../sessions/cookie.ts'
import { baseOf } from '../sessions/edge.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { newRandomToken } from '../random-token.ts'
import type { Issued } from '../sessions/issue.ts'
import { deviceOf, granted } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

/** Whether the browser has an account that is signed in. */
async function hasAccount(sessions: Sessions, cookies: Cookies, request: FastifyRequest): Promise<boolean> {
  const token = cookies.read('refresh', request)
  return token !== undefined && sessions.isAccount(token)
}

export const signIn = ({
  accounts,
  sessions,
  publicUrl,
  ...browsers
}: RoutesDeps): Pick<AuthHandlers, 'register' | 'login' | 'guest'> => ({
  async register({ body: { tokenDelivery, ...account }, once, ...call }) {
    const { request } = call
    const { cookies } = browsers
    const answer = (issued: Issued) => granted(201, issued, { request, cookies, tokenDelivery })
    const by = { device: deviceOf(call), once: once(answer) }
    return answer(await accounts.register(account, baseOf(request.headers, publicUrl), by))
  },
  async login({ body: { tokenDelivery, ...credentials }, ...call }) {
    const { request } = call
    const { cookies } = browsers
    return granted(200, await accounts.login(credentials, deviceOf(call)), { request, cookies, tokenDelivery })
  },
  async guest({ body: { tokenDelivery, name }, once, ...call }) {
    const { request } = call
    const { cookies } = browsers
    const inBody = tokenDelivery === 'body'
    const key = inBody ? null : (presentedGuestKey(request, browsers) ?? newRandomToken())
    const besides = key === null ? [] : [guestCookie(request, key, browsers)]
    // A guest never takes the place of an account: that one's cookie stays, and the guest has a token of its own.
    const delivery = (await hasAccount(sessions, cookies, request)) ? 'body' : tokenDelivery
    const answer = (issued: Issued) => granted(201, issued, { request, cookies, tokenDelivery: delivery, besides })
    return answer(await accounts.guest(name, key, { device: deviceOf(call), once: once(answer) }))
  },
})
