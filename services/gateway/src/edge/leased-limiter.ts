import type { Limiter, LimiterOptions } from '@parley/kit'

type Verdict = { allowed: true } | { allowed: false; retryAfterMs: number }
export interface LeasedLimiter {
  take(key: string): Promise<Verdict>
}

/** A part of a key's points that this process may spend without asking, or how long it need not ask. */
interface Lease {
  credit: number
  until: number
  /** How many points to ask for next. */
  ask: number
  blockedUntil: number
  pending: Promise<void> | null
}

const maxLeases = 50_000
const leaseMs = 5_000
const leastBlockMs = 50

/**
 * Spends a shared limit in small lots, so that most requests cost no round trip: one point at first, then twice as many each time. It takes
 * at most a twentieth of the limit or a quarter of the rest. Nobody gets more than the limit; a
 * lot that another gateway holds unspent is at most what somebody may get less. `monotonic` is that clock.
 */
export function createLeasedLimiter(
  limiter: Limiter,
  { points, seconds }: LimiterOptions,
  monotonic: () => number,
): LeasedLimiter {
  const leases = new Map<string, Lease>()
  const maxLot = Math.max(1, Math.floor(points / 20))

  async function refill(key: string, lease: Lease): Promise<void> {
    const lot = lease.ask
    const { allowed, remaining, retryAfterMs } = await limiter.take(key, lot)
    if (allowed) {
      lease.credit = lot
      lease.until = monotonic() + Math.min(leaseMs, seconds * 1000)
      lease.ask = Math.max(1, Math.min(lot * 2, maxLot, Math.floor(remaining / 4)))
    } else {
      lease.ask = 1
      lease.blockedUntil = monotonic() + Math.max(leastBlockMs, retryAfterMs)
    }
  }
  return {
    async take(key) {
      const lease = leaseOf(leases, key)
      for (;;) {
        const time = monotonic()
        if (lease.blockedUntil > time) return { allowed: false, retryAfterMs: lease.blockedUntil - time }
        if (lease.credit > 0 && lease.until > time) {
          lease.credit -= 1
          return { allowed: true }
        }
        lease.pending ??= refill(key, lease).finally(() => (lease.pending = null))
        await lease.pending
      }
    },
  }
}

function leaseOf(leases: Map<string, Lease>, key: string): Lease {
  const known = leases.get(key)
  if (known !== undefined) return known
  const oldest = leases.size >= maxLeases ? leases.keys().next().value : undefined
  if (oldest !== undefined) leases.delete(oldest)
  const lease: Lease = { credit: 0, until: 0, ask: 1, blockedUntil: 0, pending: null }
  leases.set(key, lease)
  return lease
}
