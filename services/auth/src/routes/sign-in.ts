import { guestCookie, presentedGuestKey } from '../sessions/guest-cookie.ts'
import { baseOf } from '../sessions/edge.ts'
import { newRandomToken } from '../random-token.ts'
import type { Issued } from '../sessions/issue.ts'
import { deviceOf, granted } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

export const signIn = ({
  accounts,
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
    const answer = (issued: Issued) => granted(201, issued, { request, cookies, tokenDelivery, besides })
    return answer(await accounts.guest(name, key, { device: deviceOf(call), once: once(answer) }))
  },
})
