import type { Clock, Logger } from '@parley/kit'
import { guestKeyTtlMs } from '../sessions/guest-cookie.ts'
import { retryMs } from '../sessions/evaluate.ts'
import type { Db } from '../tables.ts'
import { batchSize, sweeps, type SweepTimes } from './store.ts'

const dayMs = 24 * 3600_000
/** Everybody who polls remembers a revocation for 20 minutes; a later one who asks for all gets at least as many. */
/** A year for an audit, and some weeks to do it in. */
const actionsForDays = 400
const revocationsForS = 25 * 60
/** Of each kind in one round; the next round goes on. */
const maxBatches = 20

export interface HousekeepingOptions {
  db: Db
  clock: Clock
  log: Logger
  refreshTtlMs: number
  guestTtlMs: number
}

/** Removes what no longer matters, in small batches. Safe on several replicas at once. */
export async function cleanUp({ db, clock, log, refreshTtlMs, guestTtlMs }: HousekeepingOptions): Promise<void> {
  const before = (ms: number): Date => new Date(clock.now() - ms)
  const times: SweepTimes = {
    endedBefore: before(dayMs),
    spentForS: (Math.max(refreshTtlMs, guestTtlMs) + dayMs) / 1000,
    retryForS: (2 * retryMs) / 1000,
    guestsBefore: before(guestTtlMs + dayMs),
    keptGuestsBefore: before(Math.max(guestKeyTtlMs, guestTtlMs) + dayMs),
    now: before(0),
    retiredBefore: before(dayMs),
    actionsBefore: before(actionsForDays * dayMs),
    revocationsForS,
  }
  for (const [kind, sweep] of Object.entries(sweeps)) {
    let total = 0
    for (let batch = 0, size = batchSize; batch < maxBatches && size === batchSize; batch += 1) {
      size = await sweep(db, times)
      total += size
    }
    if (total > 0) log.debug({ kind, total }, 'swept')
  }
}
