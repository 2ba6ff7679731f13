import type { authOperations } from '@parley/contracts'
import type { Authenticate, Bus, Handlers, Logger } from '@parley/kit'
import type { Accounts } from '../accounts/accounts.ts'
import type { Recovery } from '../accounts/recovery.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { FlowCookies } from '../oidc/flow-cookie.ts'
import type { SignInIdentity } from '../oidc/identities.ts'
import type { Provider } from '../oidc/provider.ts'
import type { Erasures } from '../privacy/erase.ts'
import type { Browsers } from '../sessions/credentials.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Db } from '../tables.ts'

export interface RoutesDeps extends Browsers {
  log: Logger
  accounts: Accounts
  recovery: Recovery
  sessions: Sessions
  keyring: Keyring
  authenticate: Authenticate
  db: Db
  bus: Bus
  erasures: Erasures
  /** Begins with what is to be erased at once. */
  kickErasures(): void
  publicUrl: string | undefined
  /** The sign-in provider; null when none is configured. */
  oauth: Oauth | null
}
export interface Oauth {
  name: string
  redirectUrl: string | undefined
  provider: Provider
  cookies: FlowCookies
  signIn: SignInIdentity
}
export type AuthHandlers = Handlers<typeof authOperations>
