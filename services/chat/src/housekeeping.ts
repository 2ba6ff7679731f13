import { createPoller, forgetAnswers, type Clock, type Logger, type Poller } from '@parley/kit'
import type { ChatDb } from './store.ts'

const everyMs = 60_000
/** In one round; the next round goes on. */
const maxBatches = 20

/** Forgets what has run out, a little at a time. Safe on several replicas at once. */
export const createHousekeeping = ({ db, clock, log }: { db: ChatDb; clock: Clock; log: Logger }): Poller =>
  createPoller(async () => {
    try {
      for (let batch = 0; batch < maxBatches; batch += 1)
        if ((await forgetAnswers(db, new Date(clock.now()))) === 0) return
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed; it will be tried again')
    }
  }, everyMs)
