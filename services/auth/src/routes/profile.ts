import { noStore } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

export const profile = ({ accounts, keyring }: RoutesDeps): Pick<AuthHandlers, 'me' | 'updateMe' | 'jwks'> => ({
  me: async ({ principal }) => ({ status: 200, body: await accounts.read(principal.userId), headers: noStore }),
  updateMe: async ({ principal, body }) => ({
    status: 200,
    body: await accounts.update(principal.userId, body),
    headers: noStore,
  }),
  // Half of the time that a key is published before it signs.
  jwks: () => ({
    status: 200,
    body: { keys: keyring.published() },
    headers: { 'cache-control': 'public, max-age=300' },
  }),
})
