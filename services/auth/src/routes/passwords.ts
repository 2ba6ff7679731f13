import { baseOf } from '../sessions/edge.ts'
import { noStore } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

type PasswordHandlers = Pick<
  AuthHandlers,
  | 'changePassword'
  | 'forgotPassword'
  | 'resetPassword'
  | 'verifyEmail'
  | 'resendVerification'
  | 'readVerification'
  | 'refuseVerification'
>

export const passwords = ({ recovery, publicUrl }: RoutesDeps): PasswordHandlers => ({
  async changePassword({ principal, address, body: { currentPassword, newPassword } }) {
    await recovery.change({ ...principal, address }, { current: currentPassword, next: newPassword })
    return { status: 204 }
  },
  async forgotPassword({ body: { email }, request }) {
    await recovery.forgot(email, baseOf(request.headers, publicUrl))
    return { status: 202, body: {} }
  },
  async resetPassword({ address, body: { token, newPassword } }) {
    await recovery.reset(token, newPassword, address)
    return { status: 204 }
  },
  async verifyEmail({ body: { token } }) {
    await recovery.verifyEmail(token)
    return { status: 204 }
  },
  async readVerification({ body: { token } }) {
    return { status: 200, body: await recovery.readVerification(token), headers: noStore }
  },
  async refuseVerification({ body: { token } }) {
    await recovery.refuseVerification(token)
    return { status: 204 }
  },
  async resendVerification({ principal, request }) {
    await recovery.resend(principal.userId, baseOf(request.headers, publicUrl))
    return { status: 202, body: {} }
  },
})
