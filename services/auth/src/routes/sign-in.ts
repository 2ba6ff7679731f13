import { guestCookie, presentedGuestKey } from '../sessions/guest-cookie.ts'
import { baseOf } from '../sessions/edge.ts'
import { newRandomToken } from '../random-token.ts'
import { deviceOf, granted } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

export const signIn = ({
  accounts,
  allowedOrigins,
  publicUrl,
}: RoutesDeps): Pick<AuthHandlers, 'register' | 'login' | 'guest'> => ({
  async register({ body: { tokenDelivery, ...account }, ...call }) {
    const { request } = call
    const issued = await accounts.register(account, baseOf(request.headers, publicUrl), deviceOf(call))
    return granted(201, issued, { request, tokenDelivery })
  },
  async login({ body: { tokenDelivery, ...credentials }, ...call }) {
    const { request } = call
    return granted(200, await accounts.login(credentials, deviceOf(call)), { request, tokenDelivery })
  },
  async guest({ body: { tokenDelivery, name }, ...call }) {
    const { request } = call
    if (tokenDelivery === 'body')
      return granted(201, await accounts.guest(name, null, deviceOf(call)), { request, tokenDelivery })
    const key = presentedGuestKey(request, allowedOrigins) ?? newRandomToken()
    const issued = await accounts.guest(name, key, deviceOf(call))
    return granted(201, issued, { request, cookies: [guestCookie(request, key)] })
  },
})
