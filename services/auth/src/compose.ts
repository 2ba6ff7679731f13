import { availableParallelism } from 'node:os'
import { authBus } from '@parley/contracts'
import {
  createAuthenticate,
  createKeySource,
  createMailer,
  createMailOutbox,
  createRevocations,
  createTokenVerifier,
  ProblemError,
  publish,
  type Authenticate,
  type Deps,
  type MailOutbox,
  type Revocations,
} from '@parley/kit'
import { createAccounts, type Accounts, type AccountsDeps } from './accounts/accounts.ts'
import { createGuessLimit } from './accounts/guess-limit.ts'
import { createKeyedQueue } from './accounts/keyed-queue.ts'
import { createRegistrationOf, createWorkOf } from './accounts/password-work.ts'
import { createRecovery, type Recovery } from './accounts/recovery.ts'
import type { AuthConfig } from './config.ts'
import { createKeyring, type Keyring } from './keys/keyring.ts'
import { createSealer } from './keys/sealer.ts'
import { createAccountMails, createRender, type AccountMails } from './mails/account-mails.ts'
import { createFlowCookies } from './oidc/flow-cookie.ts'
import { createIdentities } from './oidc/identities.ts'
import { createProvider } from './oidc/provider.ts'
import { createBcryptPool, type BcryptPool } from './passwords/bcrypt-pool.ts'
import { createPasswords } from './passwords/passwords.ts'
import { createErasures, type Erasures } from './privacy/erase.ts'
import { listRevocations } from './revocations/revocation-list.ts'
import { createNotifier } from './revocations/notifier.ts'
import { newRandomToken } from './random-token.ts'
import type { Oauth } from './routes/deps.ts'
import { Sessions } from './sessions/sessions.ts'
import type { Tables } from './tables.ts'

export interface Components {
  keyring: Keyring
  /** The keyring as tokens are verified with it, in this process. */
  keySource: { start(): Promise<void>; stop(): void }
  revocations: Revocations
  /** Begins to follow the revocations. Rejects with `unavailable` when they cannot be read: nobody is let in unchecked. */
  learnRevocations(): Promise<void>
  authenticate: Authenticate
  pool: BcryptPool
  sessions: Sessions
  accounts: Accounts
  recovery: Recovery
  erasures: Erasures
  /** Delivers the mails that were ordered. */
  outbox: MailOutbox
  oauth: Oauth | null
  lifetimes: { refreshTtlMs: number; guestTtlMs: number }
}

const dayMs = 24 * 3600_000

/** The parts of the service, wired; nothing runs yet. */
export function compose(deps: Deps<AuthConfig, Tables>): Components {
  const { config, db, clock, log, bus, kv, metrics } = deps
  const { ACCESS_TTL_SECONDS: accessTtlS, SIGNING_SECRET: secret, SIGNING_SECRET_PREVIOUS: previous } = config
  const lifetimes = { refreshTtlMs: config.REFRESH_TTL_SECONDS * 1000, guestTtlMs: config.GUEST_TTL_SECONDS * 1000 }
  const sealer = createSealer(secret, previous)
  const keyring = createKeyring({
    db,
    clock,
    log,
    sealer,
    rotationMs: config.KEY_ROTATION_DAYS * dayMs,
    accessTtlMs: accessTtlS * 1000,
  })
  const revocations = createRevocations({ fetch: (since) => listRevocations(db, since), log, clock })
  const pool = createBcryptPool({ size: availableParallelism(), typicalMs: typicalMsOf(config.BCRYPT_COST) })
  metrics.reading('parley_auth_passwords_waiting', 'Password checks that wait for a core', pool.waiting)
  metrics.queue('passwords', pool.waiting)
  const renamed: AccountsDeps['renamed'] = (change) => publish(bus, authBus.renamed, {}, change)
  const revoked = createNotifier(bus, revocations)
  const accountQueue = createKeyedQueue()
  // All tabs of a browser are one session, and each refreshes when it is opened.
  const refreshes = kv.limiter({ name: 'auth:refreshes', points: 120, seconds: 60 })
  const { sign } = keyring
  const sessions = new Sessions({ db, clock, sign, accountQueue, refreshes, revoked, accessTtlS, ...lifetimes })
  const outbox = createOutbox(deps)
  const mails = createAccountMails(
    clock,
    kv.limiter({ name: 'auth:verifications', points: 5, seconds: 3600 }),
    outbox.kick,
  )
  const passwords = createPasswords(pool, config.BCRYPT_COST)
  const workOf = createWorkOf(kv)
  const guesses = createGuessLimit(kv)
  const shared = { db, bus, clock, log, sessions, passwords }
  const registrationOf = createRegistrationOf(kv)
  const accounts = createAccounts({ ...shared, workOf, registrationOf, mails, accountQueue, guesses, renamed })
  const mailLimit = kv.limiter({ name: 'auth:mails', points: 5, seconds: 3600 })
  const recovery = createRecovery({ db, clock, passwords, workOf, mails, accountQueue, mailLimit, revoked })
  const erasures = createErasures({ ...shared, workOf, accountQueue, revoked })
  const oauth = createOauth(deps, sessions, mails)
  return {
    keyring,
    pool,
    sessions,
    accounts,
    recovery,
    erasures,
    outbox,
    oauth,
    lifetimes,
    ...verification(deps, keyring, revocations),
  }
}

/** The cost of bcrypt on a machine of today (lessons.md 9), until it is measured. */
const typicalMsOf = (cost: number): number => 200 * 2 ** (cost - 12)

const createOutbox = ({ db, clock, log, metrics, config }: Deps<AuthConfig, Tables>): MailOutbox =>
  createMailOutbox({
    db,
    mailer: createMailer({ url: config.SMTP_URL, dir: config.MAIL_DIR, from: config.MAIL_FROM, log }),
    render: createRender(db, clock, config),
    clock,
    log,
    metrics,
  })

function createOauth({ config, clock, log }: Deps<AuthConfig, Tables>, sessions: Sessions, mails: AccountMails) {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = config
  if (clientId === undefined) return null
  return {
    name: config.OIDC_NAME,
    redirectUrl: config.OIDC_REDIRECT_URL,
    provider: createProvider({ issuer, clientId, clientSecret, log }),
    // All replicas have to read them; with neither secret there is one replica, on somebody's own machine.
    cookies: createFlowCookies(config.SIGNING_SECRET ?? clientSecret ?? newRandomToken(), clock),
    signIn: createIdentities({ clock, sessions, mails }),
  }
}

function verification({ log, clock }: Deps<AuthConfig, Tables>, keyring: Keyring, revocations: Revocations) {
  const keySource = createKeySource({ fetch: async () => ({ keys: keyring.published() }), log, clock })
  const verifier = createTokenVerifier({ keys: keySource, clock })
  return {
    keySource,
    revocations,
    authenticate: createAuthenticate({ verifier, revocations }),
    async learnRevocations() {
      await revocations.start()
      if (!revocations.ready()) throw new ProblemError('unavailable', 'The revocations cannot be read')
    },
  }
}
