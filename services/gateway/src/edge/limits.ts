import type { Principal } from '@parley/contracts'
import { limitKey, ProblemError, type Clock, type Kv, type Metrics } from '@parley/kit'
import type { GatewayConfig } from '../config.ts'
import { createLeasedLimiter } from './leased-limiter.ts'

/** Each rejects with `rate-limited`, which says how long to wait. */
export interface Limits {
  /** A request of this kind. Each kind has its own allowance. */
  request(kind: RequestKind, address: string): Promise<void>
  principal(principal: Principal): Promise<void>
  upgrade(address: string): Promise<void>
}

/**
 * Requests of one address are counted apart. A neighbour may ask for unknown paths or sign in again and again. That locks out nobody who is
 * signed in.
 */
export type RequestKind =
  /** With a good access token. */
  | 'signed-in'
  /** To go on being signed in. */
  | 'refresh'
  /** Without a token, or with a bad one. */
  | 'anonymous'
  /** To a path that leads nowhere. */
  | 'unknown'

/** The gateway's general limits, counted for all gateways together. */
export function createLimits(
  config: GatewayConfig,
  { kv, clock, metrics }: { kv: Pick<Kv, 'limiter'>; clock: Clock; metrics?: Pick<Metrics, 'counter'> },
): Limits {
  const refused = metrics?.counter(
    'parley_gateway_rate_limited_total',
    'Requests over a limit of the gateway, by limit',
    ['limit'],
  )
  const off = config.RATE_LIMITS === 'off'
  const limit = (name: string, points: number): ((key: string) => Promise<void>) => {
    if (off) return async () => {}
    const options = { name: `gateway:${name}`, points, seconds: config.RATE_LIMIT_SECONDS }
    const limiter = createLeasedLimiter(kv.limiter(options), options, () => clock.monotonic())
    return async (key) => {
      const verdict = await limiter.take(key)
      if (verdict.allowed) return
      refused?.inc({ limit: name })
      throw new ProblemError('rate-limited', undefined, {
        retryAfterMs: Math.max(1, Math.ceil(verdict.retryAfterMs)),
      })
    }
  }
  const byKind: Record<RequestKind, (key: string) => Promise<void>> = {
    'signed-in': limit('signed-in', config.RATE_LIMIT_SIGNED_IN_PER_ADDRESS),
    refresh: limit('refresh', config.RATE_LIMIT_PER_ADDRESS),
    anonymous: limit('address', config.RATE_LIMIT_PER_ADDRESS),
    unknown: limit('unknown', config.RATE_LIMIT_PER_ADDRESS),
  }
  const byPrincipal = limit('principal', config.RATE_LIMIT_PER_PRINCIPAL)
  const byUpgrade = limit('upgrade', config.RATE_LIMIT_UPGRADES)
  return {
    request: (kind, address) => byKind[kind](limitKey(address)),
    principal: ({ userId }) => byPrincipal(userId),
    upgrade: (address) => byUpgrade(limitKey(address)),
  }
}
