import { createPoller, forgetAnswers, type Clock, type KeptTables, type Logger, type Poller } from '@parley/kit'
import type { Kysely } from 'kysely'

const everyMs = 60_000
/** In one round; the next round goes on. */
const maxBatches = 20

interface Deps {
  db: Kysely<KeptTables>
  clock: Clock
  log: Logger
}

/** Deletes kept answers that have expired, a little at a time. Safe on several replicas at once. */
export const createHousekeeping = ({ db, clock, log }: Deps): Poller =>
  createPoller(async () => {
    try {
      for (let batch = 0; batch < maxBatches; batch += 1)
        if ((await forgetAnswers(db, new Date(clock.now()))) === 0) return
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed; it will be tried again')
    }
  }, everyMs)
