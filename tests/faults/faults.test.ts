import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Size } from './fault.ts'
import { signalingKilled } from './faults/t01-signaling-killed.ts'
import { rollingRestart } from './faults/t05-rolling-restart.ts'
import { natsKilled } from './faults/t07-nats-killed.ts'
import { redisAway } from './faults/t09-redis-away.ts'
import { postgresStopped } from './faults/t10-postgres-stopped.ts'
import { textOf } from './report.ts'
import { runFault } from './run.ts'
import { startCluster, type Cluster } from './stack/cluster.ts'

/** A slice of what `npm run faults` does, with few people and for seconds; the seed is in the output of a failure. */
const small: Size = { rooms: 3, clients: 4, chat: 8, state: 4, signals: 4, seconds: 10 }
const timeoutMs = 120_000

describe('faults, a short slice, one after the other on one product', () => {
  let cluster: Cluster
  beforeAll(async () => {
    // How long a drain may take is not what is tested here.
    cluster = await startCluster({ env: { DRAIN_MS: '3000' } })
  }, timeoutMs)
  afterAll(() => cluster.stop(), timeoutMs)

  it.each([signalingKilled, natsKilled, redisAway, postgresStopped, rollingRestart])(
    '$id $title: $promise',
    async (fault) => {
      const seed = Math.floor(Math.random() * 1e9)
      const outcome = await runFault(fault, { size: small, seed, cluster })
      expect(outcome.passed, textOf(outcome)).toBe(true)
    },
    timeoutMs,
  )
})
