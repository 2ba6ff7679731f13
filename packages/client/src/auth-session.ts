import type { Tokens, User } from '@parley/contracts'
import { listenToPage } from './environment.ts'
import { Identity, pinTokens, type PinnedTokens } from './identity.ts'
import { withRetries } from './with-retries.ts'
import { localError, ParleyError } from './problem.ts'
import type { Caller, TokenSource } from './rest.ts'
import { callSafely, createStore } from './store.ts'
import { backoffMs, createSleeplessClock, laterIfAlive, type Backoff } from './time.ts'
import type { TokenStorage } from './token-storage.ts'

export interface AuthSessionOptions {
  call: Caller
  tokenDelivery: 'cookie' | 'body'
  storage: TokenStorage
  /** Hears that a sign-in ended without `signOut`. */
  onSignedOut?: (why: SignedOutBecause) => void
  /** Milliseconds since some moment, as of `createSleeplessClock`. */
  now?: () => number
}

/**
 * `expired`: the session is over, or was ended elsewhere. `replaced`: somebody else signed in with the same cookie or storage, such
 * as in another tab.
 */
export type SignedOutBecause = 'expired' | 'replaced'

interface SignIn {
  identity: Identity
  accessToken: string
  expiresAt: number
  renewAt: number
}

/** Access tokens are renewed this long before they expire, or at half their life if that is shorter. */
const marginMs = 60_000
/** With a call's own deadline within the 10 s in which the server answers a spent token again: lost answers end no session. */
const retry: Backoff = { baseMs: 500, maxMs: 4_000 }
/** A server that gives tokens which have all but expired is not asked in a loop. */
const minWaitMs = 1_000

/**
 * The signed-in person, and an access token that is always good. Refreshing is single-flight here; the server bears with two tabs that refresh with the same cookie at once. It gives both the same successor, and gives it again when an answer was lost.
 */
export class AuthSession implements TokenSource {
  readonly user = createStore<User | null>(null)
  /** The access token in force; null when nobody is signed in. */
  readonly token = createStore<string | null>(null)
  readonly #options: AuthSessionOptions
  readonly #now: () => number
  readonly #stopPage: () => void
  #signIn: SignIn | null = null
  /** A refresh token that came in a body though they usually come in a cookie: of a guest beside an account. */
  #ownToken: string | null = null
  #refreshing: Promise<string> | null = null
  #stopTimer = () => {}
  /** Renewals that failed since the last that did not. */
  #failed = 0
  #closed = false

  constructor(options: AuthSessionOptions) {
    this.#options = options
    this.#now = options.now ?? createSleeplessClock()
    this.#stopPage = listenToPage({ awake: () => this.#renewIfDue(), online: () => this.#renewIfDue() })
  }

  /** Takes the tokens of a sign-in. Work that another person began here ends. */
  async adopt(tokens: Tokens): Promise<User> {
    const lifeMs = tokens.expiresIn * 1000
    const expiresAt = this.#now() + lifeMs
    const renewAt = expiresAt - Math.min(marginMs, lifeMs / 2)
    const before = this.#signIn?.identity
    const identity = before?.userId === tokens.user.id ? before : new Identity(tokens.user.id)
    this.#signIn = { identity, accessToken: tokens.accessToken, expiresAt, renewAt }
    if (before !== identity) before?.end()
    this.#failed = 0
    this.#schedule(renewAt - this.#now())
    await this.#keep(tokens)
    this.user.set(tokens.user)
    this.token.set(tokens.accessToken)
    return tokens.user
  }

  async current(): Promise<string> {
    const signIn = this.#signIn
    if (signIn && this.#now() < signIn.renewAt) return signIn.accessToken
    if (!signIn && !this.#refreshing) throw notSignedIn()
    try {
      return await this.#refresh()
    } catch (error) {
      if (signIn && this.#signIn && this.#now() < signIn.expiresAt) return signIn.accessToken
      throw error
    }
  }

  /** The tokens of who is signed in now, and of nobody else. */
  pin(): PinnedTokens {
    return pinTokens(this, this.#signIn?.identity ?? null)
  }

  async renew(stale: string): Promise<string> {
    return this.#signIn && this.#signIn.accessToken !== stale ? this.current() : this.#refresh()
  }

  /** Tries what an earlier visit left behind; null if that is nothing or no longer good. Rejects if no answer comes, and keeps it. */
  async restore(): Promise<User | null> {
    try {
      await withRetries(() => this.#refresh(), retry)
    } catch (error) {
      if (isRefusal(error)) return null
      throw error
    }
    return this.user.get()
  }

  /** Forgets at once, then tells the server. Rejects if that could not be told. */
  async signOut(): Promise<void> {
    await this.#refreshing?.catch(() => null)
    const refreshToken = await this.#storedToken()
    const accessToken = this.#signIn?.accessToken
    await this.#forget()
    // The access token says whose session is meant: the cookie may be another tab's by now.
    const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }
    const input = { body: refreshToken === null ? {} : { refreshToken }, headers }
    await this.#options.call('logout', input)
  }

  close(): void {
    this.#closed = true
    this.#stopTimer()
    this.#stopPage()
  }

  #refresh(): Promise<string> {
    this.#refreshing ??= this.#exchange().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #exchange(): Promise<string> {
    const { call, tokenDelivery } = this.#options
    const before = this.#signIn
    const refreshToken = await this.#storedToken()
    if (tokenDelivery === 'body' && refreshToken === null) throw notSignedIn()
    const body = refreshToken === null ? { tokenDelivery } : { tokenDelivery: 'body' as const, refreshToken }
    try {
      const answer = await call('refresh', { body })
      return await this.#renewed(answer.body, before)
    } catch (error) {
      // A person who signed in meanwhile is not affected.
      if (isRefusal(error) && this.#isAsBefore(before)) await this.#forget('expired', error)
      throw error
    }
  }

  /** A refresh prolongs a sign-in, or restores one. It never makes somebody else of who is signed in. */
  async #renewed(tokens: Tokens, before: SignIn | null): Promise<string> {
    if (!this.#isAsBefore(before)) throw localError('unauthenticated', 'Somebody signed in or out meanwhile')
    if (before === null || before.identity.userId === tokens.user.id) {
      await this.adopt(tokens)
      return tokens.accessToken
    }
    // The kept token is theirs: it stays as they need it.
    await this.#keep(tokens)
    this.#end('replaced')
    throw localError('unauthenticated', 'Somebody else has signed in here')
  }

  #isAsBefore(before: SignIn | null): boolean {
    return this.#signIn === before
  }

  async #storedToken(): Promise<string | null> {
    return this.#options.tokenDelivery === 'body' ? this.#options.storage.load() : this.#ownToken
  }

  async #keep({ refreshToken = null }: { refreshToken?: string | null }): Promise<void> {
    if (this.#options.tokenDelivery === 'cookie') this.#ownToken = refreshToken
    else if (refreshToken !== null) await this.#options.storage.save(refreshToken)
  }

  async #forget(why?: SignedOutBecause, reason?: unknown): Promise<void> {
    this.#ownToken = null
    this.#end(why, reason)
    await this.#options.storage.save(null)
  }

  #end(why?: SignedOutBecause, reason?: unknown): void {
    const ended = this.#signIn
    this.#signIn = null
    this.#stopTimer()
    ended?.identity.end(reason)
    this.user.set(null)
    this.token.set(null)
    if (ended && why) callSafely(() => this.#options.onSignedOut?.(why))
  }

  /** Timers may fire a little early, and know nothing of a computer that slept: what counts is the clock. */
  #renewIfDue(): void {
    if (!this.#signIn) return
    const left = this.#signIn.renewAt - this.#now()
    if (left > 0) return this.#schedule(left)
    this.#refresh().catch(() => this.#schedule(backoffMs((this.#failed += 1), retry)))
  }

  #schedule(ms: number): void {
    this.#stopTimer()
    if (this.#closed || !this.#signIn) return
    this.#stopTimer = laterIfAlive(Math.max(ms, minWaitMs), () => this.#renewIfDue())
  }
}

const isRefusal = (error: unknown): boolean => error instanceof ParleyError && error.problem.status === 401
const notSignedIn = () => localError('unauthenticated', 'Nobody is signed in')
