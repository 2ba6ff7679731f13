import type { Tokens, User } from '@parley/contracts'
import { listenToPage } from './environment.ts'
import { insist } from './insist.ts'
import { localError, ParleyError } from './problem.ts'
import type { Caller, TokenSource } from './rest.ts'
import { createStore } from './store.ts'
import { backoffMs, createSleeplessClock, laterIfAlive, type Backoff } from './time.ts'
import type { TokenStorage } from './token-storage.ts'

export interface AuthSessionOptions {
  call: Caller
  tokenDelivery: 'cookie' | 'body'
  storage: TokenStorage
  /** Milliseconds since some moment, as of `createSleeplessClock`. */
  now?: () => number
}

interface SignIn {
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
 * Who is signed in, and an access token that is always good. Refreshing is single-flight here; two tabs that refresh with the
 * same cookie at once are the server's to bear (it gives both the same successor, and gives it again when an answer was lost).
 */
export class AuthSession implements TokenSource {
  readonly user = createStore<User | null>(null)
  /** The access token in force; null when nobody is signed in. */
  readonly token = createStore<string | null>(null)
  readonly #options: AuthSessionOptions
  readonly #now: () => number
  readonly #stopPage: () => void
  #signIn: SignIn | null = null
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

  /** Takes the tokens of a sign-in or a refresh. */
  async adopt(tokens: Tokens): Promise<User> {
    const lifeMs = tokens.expiresIn * 1000
    const expiresAt = this.#now() + lifeMs
    const renewAt = expiresAt - Math.min(marginMs, lifeMs / 2)
    this.#signIn = { accessToken: tokens.accessToken, expiresAt, renewAt }
    this.#failed = 0
    this.#schedule(renewAt - this.#now())
    if (tokens.refreshToken !== undefined) await this.#options.storage.save(tokens.refreshToken)
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

  async renew(stale: string): Promise<string> {
    return this.#signIn && this.#signIn.accessToken !== stale ? this.current() : this.#refresh()
  }

  /** Tries what an earlier visit left behind; null if that is nothing or no longer good. Rejects if no answer comes, and keeps it. */
  async restore(): Promise<User | null> {
    try {
      await insist(() => this.#refresh(), retry)
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
    await this.#forget()
    await this.#options.call('logout', { body: refreshToken === null ? {} : { refreshToken } })
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
    const refreshToken = await this.#storedToken()
    if (tokenDelivery === 'body' && refreshToken === null) throw notSignedIn()
    try {
      const { body } = await call('refresh', {
        body: { tokenDelivery, ...(refreshToken === null ? {} : { refreshToken }) },
      })
      await this.adopt(body)
      return body.accessToken
    } catch (error) {
      if (isRefusal(error)) await this.#forget()
      throw error
    }
  }

  async #storedToken(): Promise<string | null> {
    return this.#options.tokenDelivery === 'body' ? this.#options.storage.load() : null
  }

  async #forget(): Promise<void> {
    this.#signIn = null
    this.#stopTimer()
    await this.#options.storage.save(null)
    this.user.set(null)
    this.token.set(null)
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
