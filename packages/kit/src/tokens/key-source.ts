import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { systemClock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createPoller } from '../poller.ts'
import { ProblemError } from '../problem.ts'
import type { Clock } from '../service.ts'
import { within } from '../within.ts'

/** Where public keys come from. */
export interface KeySource {
  /**
   * The key as PEM, or null when nobody signs under that name. Rejects with `unavailable` when that cannot be known.
   */
  key(kid: string): Promise<string | null>
}
export type Jwk = JsonWebKey & { kid?: string; use?: string }

export interface KeySourceOptions {
  fetch(): Promise<{ keys: readonly Jwk[] }>
  log: Logger
  clock?: Clock
}

const refreshEveryMs = 60_000
const retryAfterMs = 1000
const fetchTimeoutMs = 3000

/**
 * The Ed25519 keys of a JWK set (RFC 7517, 8037): fetched at first use, each minute, and at most once a second when a
 * token names an unknown key. While the set cannot be fetched the last one known goes on.
 */
export function createKeySource(options: KeySourceOptions) {
  const set = createKeySet(options)
  // Until the keys are known nobody can be let in: a service may have started before auth.
  const poller = createPoller(set.refresh, () => (set.keys() === null ? retryAfterMs : refreshEveryMs))

  async function key(kid: string): Promise<string | null> {
    const known = set.keys()?.get(kid)
    if (known !== undefined) return known
    if (set.mayRefresh()) await set.refresh()
    const found = set.keys()?.get(kid)
    if (found === undefined && set.inDoubt())
      throw new ProblemError('unavailable', 'The signing keys cannot be fetched')
    return found ?? null
  }
  return {
    key,
    /** Resolves after the first attempt, whether it succeeded or not. */
    start: () => poller.start(),
    stop: () => poller.stop(),
    /** Whether any key is known. */
    ready: (): boolean => set.keys() !== null,
  }
}

function createKeySet({ fetch, log, clock = systemClock }: KeySourceOptions) {
  let keys: ReadonlyMap<string, string> | null = null
  let failed = false
  let triedAt = Number.NEGATIVE_INFINITY
  let refreshing: Promise<void> | null = null

  async function load(): Promise<void> {
    triedAt = clock.monotonic()
    try {
      const found = pemsOf((await within(fetch(), fetchTimeoutMs)).keys)
      if (found.size === 0) throw new Error('the key set holds no Ed25519 key')
      keys = found
      failed = false
    } catch (error) {
      failed = true
      log.warn({ err: error, known: keys?.size ?? 0 }, 'cannot fetch the key set')
    }
  }
  return {
    keys: () => keys,
    /** Whether a key that is not here may exist all the same. */
    inDoubt: () => keys === null || failed,
    mayRefresh: () => refreshing !== null || clock.monotonic() - triedAt >= retryAfterMs,
    refresh(): Promise<void> {
      refreshing ??= load().finally(() => (refreshing = null))
      return refreshing
    },
  }
}

function pemsOf(jwks: readonly Jwk[]): Map<string, string> {
  const pems = new Map<string, string>()
  for (const jwk of jwks) {
    if (jwk.kid === undefined || jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || (jwk.use ?? 'sig') !== 'sig') continue
    const { kty, crv, x } = jwk
    const key = createPublicKey({ key: { kty, crv, ...(x === undefined ? {} : { x }) }, format: 'jwk' })
    pems.set(jwk.kid, key.export({ type: 'spki', format: 'pem' }).toString())
  }
  return pems
}
