import { createPoller, forgetAnswers, type Clock, type Logger, type Poller } from '@parley/kit'
import type { Kysely } from 'kysely'
import { forgetClosed } from './sfu/rooms-store.ts'
import type { MediaTables } from './tables.ts'

const everyMs = 60_000
/** In one round; the next round goes on. */
const maxBatches = 20
/** A meeting that had a room in the SFU is remembered for this long after it. */
const closedRooms = { days: 2, limit: 1_000 }

interface Deps {
  db: Kysely<MediaTables>
  clock: Clock
  log: Logger
}

/** Deletes what is needed no more, a little at a time. Safe on several replicas at once. */
export const createHousekeeping = ({ db, clock, log }: Deps): Poller =>
  createPoller(async () => {
    try {
      await forgetClosed(db, closedRooms)
      for (let batch = 0; batch < maxBatches; batch += 1)
        if ((await forgetAnswers(db, new Date(clock.now()))) === 0) return
    } catch (error) {
      log.warn({ err: error }, 'housekeeping failed; it will be tried again')
    }
  }, everyMs)
