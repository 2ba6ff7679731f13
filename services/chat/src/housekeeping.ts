import { createPoller, forgetAnswers, type Clock, type Logger, type Poller } from '@parley/kit'
import { forgetMessages } from './retention.ts'
import type { ChatDb } from './store.ts'

const everyMs = 60_000
const dayMs = 86_400_000
/** In one round; the next round goes on. */
const maxBatches = 20

interface Housekeeping {
  db: ChatDb
  clock: Clock
  log: Logger
  /** Days after which messages are deleted; 0: never. */
  keepDays: number
}

/** Forgets what has run out, a little at a time. Safe on several replicas at once. */
export const createHousekeeping = ({ db, clock, log, keepDays }: Housekeeping): Poller => {
  const round = async (step: () => Promise<boolean>): Promise<void> => {
    for (let batch = 0; batch < maxBatches; batch += 1) if (!(await step())) return
  }
  return createPoller(async () => {
    const at = new Date(clock.now())
    try {
      await round(async () => (await forgetAnswers(db, at)) > 0)
      if (keepDays > 0) await round(() => forgetMessages(db, new Date(at.getTime() - keepDays * dayMs), at))
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed; it will be tried again')
    }
  }, everyMs)
}
