import type { AccessClaims, Revocation, Session } from '@parley/contracts'
import { newId, plainly, ProblemError, type Clock, type Limiter, type Once } from '@parley/kit'
import type { KeyedQueue } from '../accounts/keyed-queue.ts'
import { holdUser } from '../accounts/store.ts'
import { insertRevocation } from '../revocations/store.ts'
import type { Db, SessionRow, UserRow } from '../tables.ts'
import { endEverySession } from './endings.ts'
import { issue, type IssuedTokens, type Issued } from './issue.ts'
import { hashOf, newRandomToken } from '../random-token.ts'
import { refreshGrant } from './refresh.ts'
import {
  endSession,
  endSessionOf,
  findSessionOf,
  insertRefreshToken,
  insertSession,
  isAccountSession,
  listSessions,
} from './store.ts'

/** Where a session was begun from. */
export interface Device {
  userAgent: string | null
  address: string
}

export interface SessionsDeps {
  db: Db
  clock: Clock
  sign(claims: AccessClaims): string
  accountQueue: KeyedQueue
  /** How often one session may be refreshed. */
  refreshes: Limiter
  /** Tells everybody of a revocation; called after its transaction has committed. */
  revoked(revocation: Revocation): void
  accessTtlS: number
  refreshTtlMs: number
  guestTtlMs: number
}

/** The sessions of all users: begun, prolonged, ended. */
export class Sessions {
  readonly #deps: SessionsDeps

  constructor(deps: SessionsDeps) {
    this.#deps = deps
  }

  /** Signs in the user that `userOf` makes or finds in the same transaction. Rejects with `account-disabled`. */
  async open(userOf: (trx: Db) => Promise<UserRow>, device: Device, once: Once<Issued> = plainly()): Promise<Issued> {
    const { db, clock, refreshTtlMs, guestTtlMs } = this.#deps
    const now = clock.now()
    const refreshToken = newRandomToken()
    const begin = async (trx: Db): Promise<Issued> => {
      const user = await userOf(trx)
      if (user.disabled_at !== null) throw disabled()
      const session = newSession(user, device, { now, ttlMs: user.kind === 'guest' ? guestTtlMs : refreshTtlMs })
      await insertSession(trx, session)
      await insertRefreshToken(trx, {
        hash: hashOf(refreshToken),
        session_id: session.id,
        issued_at: session.created_at,
      })
      return this.#issue({ user, session, refreshToken }, now)
    }
    return db.transaction().execute((trx: Db) => once.in(trx, () => begin(trx)))
  }

  /** Rejects with `rate-limited`, `invalid-refresh-token`, `account-disabled`, or with `refresh-token-reused` after ending the session. */
  async refresh(refreshToken: string): Promise<Issued> {
    const { db, clock, refreshTtlMs, refreshes, revoked } = this.#deps
    const session = await findSessionOf(db, hashOf(refreshToken))
    const taken = session && (await refreshes.take(session.id))
    if (taken?.allowed === false)
      throw new ProblemError('rate-limited', 'The session was refreshed too often', {
        retryAfterMs: taken.retryAfterMs,
      })
    const now = clock.now()
    const outcome = await db.transaction().execute((trx) => refreshGrant(trx, refreshToken, { now, refreshTtlMs }))
    switch (outcome.kind) {
      case 'granted':
        return this.#issue(outcome.grant, now)
      case 'disabled':
        throw disabled()
      case 'unknown':
        throw new ProblemError('invalid-refresh-token', 'The session has ended; sign in again')
      case 'reused':
        revoked(outcome.revocation)
        throw new ProblemError(
          'refresh-token-reused',
          'This refresh token was spent before, so its session has been ended; sign in again',
        )
    }
  }

  /** The session of a refresh token, spent or not; null when nobody knows the token. */
  async find(refreshToken: string): Promise<{ id: string; userId: string } | null> {
    const session = await findSessionOf(this.#deps.db, hashOf(refreshToken))
    return session === undefined ? null : { id: session.id, userId: session.user_id }
  }

  /** Whether a refresh token is that of an account that is signed in, not of a guest. */
  async isAccount(refreshToken: string): Promise<boolean> {
    const { db, clock } = this.#deps
    return isAccountSession(db, hashOf(refreshToken), new Date(clock.now()))
  }

  /** Ends one session. Ending it again does nothing. */
  async end(sessionId: string): Promise<void> {
    const { db, clock, revoked } = this.#deps
    const revocation = await db.transaction().execute(async (trx) => {
      const ended = await endSession(trx, sessionId, new Date(clock.now()))
      return ended ? insertRevocation(trx, { kind: 'session', id: sessionId }) : null
    })
    if (revocation !== null) revoked(revocation)
  }

  /** Ends one session of this user. Rejects with `not-found` when there is none, or it has ended. */
  async endOwn(userId: string, sessionId: string): Promise<void> {
    const { db, clock, revoked } = this.#deps
    const revocation = await db.transaction().execute(async (trx) => {
      const ended = await endSessionOf(trx, userId, sessionId, new Date(clock.now()))
      return ended ? insertRevocation(trx, { kind: 'session', id: sessionId }) : null
    })
    if (revocation === null) throw new ProblemError('not-found', 'You have no such session')
    revoked(revocation)
  }

  /** Ends every session of a user, and with them every access token issued so far. */
  async endAll(userId: string): Promise<void> {
    const { db, clock, accountQueue, revoked } = this.#deps
    const at = new Date(clock.now())
    const end = (trx: Db): Promise<Revocation[]> => endEverySession(trx, userId, at)
    const revocations = await accountQueue(userId, () => db.transaction().execute(end))
    for (const revocation of revocations) revoked(revocation)
  }

  /** The sessions that a user could go on with, last used first, at most 100. */
  async list(userId: string, currentId: string): Promise<Session[]> {
    const { db, clock } = this.#deps
    const rows = await listSessions(db, userId, new Date(clock.now()), maxListed)
    return rows.map((row) => toSession(row, currentId))
  }

  #issue(grant: IssuedTokens, now: number): Issued {
    const { sign, accessTtlS } = this.#deps
    return issue(grant, { sign, now, accessTtlS })
  }
}

const maxListed = 100

const disabled = (): ProblemError =>
  new ProblemError('account-disabled', 'An operator of this server has disabled the account; ask them to enable it')

const toSession = (row: SessionRow, currentId: string): Session => ({
  id: row.id,
  createdAt: row.created_at.toISOString(),
  lastUsedAt: row.last_used_at.toISOString(),
  userAgent: row.user_agent,
  address: row.address,
  current: row.id === currentId,
})

/**
 * Signs in an account that exists: read again in the transaction, for its epoch may have moved meanwhile. With
 * `passwordVersion`, only if the password that was checked still is the password.
 */
export const existing =
  (userId: string, passwordVersion?: number) =>
  async (trx: Db): Promise<UserRow> => {
    const user = await holdUser(trx, userId)
    const changed = passwordVersion !== undefined && user?.password_version !== passwordVersion
    if (user === undefined || changed) throw new ProblemError('invalid-credentials')
    return user
  }

function newSession(
  user: UserRow,
  { userAgent, address }: Device,
  { now, ttlMs }: { now: number; ttlMs: number },
): SessionRow {
  const at = new Date(now)
  return {
    id: newId(),
    user_id: user.id,
    created_at: at,
    last_used_at: at,
    expires_at: new Date(now + ttlMs),
    revoked_at: null,
    user_agent: userAgent,
    address,
  }
}
