import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type ConnectionOptions, type NatsConnection } from 'nats'
import { explain } from '../cannot-start.ts'
import type { Logger } from '../logger.ts'

const againAfterMs = 500
const tellEveryMs = 5_000

/** Connects, however long that takes, and says why it does not meanwhile: at once, and then every 5 s. */
export async function firstConnection(options: ConnectionOptions, log: Logger): Promise<NatsConnection> {
  let toldAt = -Infinity
  for (;;) {
    try {
      return await connect({ ...options, waitOnFirstConnect: false })
    } catch (error) {
      if (performance.now() - toldAt >= tellEveryMs) {
        toldAt = performance.now()
        log.warn({ reason: explain(error) }, 'waiting for NATS')
      }
      await sleep(againAfterMs)
    }
  }
}
