import type { AuthHandlers, RoutesDeps } from './routes/deps.ts'
import { oauth } from './routes/oauth.ts'
import { passwords } from './routes/passwords.ts'
import { privacy } from './routes/privacy.ts'
import { profile } from './routes/profile.ts'
import { session } from './routes/session.ts'
import { signIn } from './routes/sign-in.ts'

/** The handlers of the contract's operations. */
export const routesOf = (deps: RoutesDeps): AuthHandlers => ({
  ...signIn(deps),
  ...session(deps),
  ...profile(deps),
  ...privacy(deps),
  ...passwords(deps),
  ...oauth(deps),
})
