import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Size } from './fault.ts'
import { signalingKilled } from './faults/t01-signaling-killed.ts'
import { rollingRestart } from './faults/t05-rolling-restart.ts'
import { natsKilled } from './faults/t07-nats-killed.ts'
import { redisAway } from './faults/t09-redis-away.ts'
import { postgresStopped } from './faults/t10-postgres-stopped.ts'
import { storeEmptyInQuiet } from './faults/t26-store-empty-in-quiet.ts'
import { bothLinksCut } from './faults/t28-both-links-cut.ts'
import { endUnderLoad } from './faults/t30-end-under-load.ts'
import { chatKilledBeforeTelling } from './faults/t31-chat-killed-before-telling.ts'
import { openLinks } from './links.ts'
import { textOf } from './report.ts'
import { runFault } from './run.ts'
import { startCluster, type Cluster } from './stack/cluster.ts'

/** A slice of what `npm run faults` does, with few people and for seconds; the seed is in the output of a failure. */
const small: Size = { rooms: 3, clients: 4, chat: 8, state: 4, signals: 4, seconds: 10 }
/** Of those that make no load, so much that each of their cases comes once. */
const rooms = new Map([
  [storeEmptyInQuiet, 6],
  [bothLinksCut, 2],
  [endUnderLoad, 4],
  [chatKilledBeforeTelling, 2],
])
const calm: Omit<Size, 'rooms'> = { clients: 3, chat: 0, state: 0, signals: 0, seconds: 6 }
const timeoutMs = 120_000

describe('faults, a short slice, one after the other on one product', () => {
  let cluster: Cluster
  let links: Awaited<ReturnType<typeof openLinks>>
  beforeAll(async () => {
    links = await openLinks(bothLinksCut.links)
    // How long a drain may take is not what is tested here.
    cluster = await startCluster({ args: links.args, env: { DRAIN_MS: '3000' } })
  }, timeoutMs)
  afterAll(async () => {
    await cluster.stop()
    await links.close()
  }, timeoutMs)

  // The one that needs the links comes first: it looks for the node behind them by its place.
  it.each([
    bothLinksCut,
    storeEmptyInQuiet,
    endUnderLoad,
    chatKilledBeforeTelling,
    signalingKilled,
    natsKilled,
    redisAway,
    postgresStopped,
    rollingRestart,
  ])(
    '$id $title: $promise',
    async (fault) => {
      const seed = Math.floor(Math.random() * 1e9)
      const own = rooms.get(fault)
      const size = own === undefined ? small : { ...calm, rooms: own }
      const outcome = await runFault(fault, { size, seed, cluster, links: links.links })
      expect(outcome.passed, textOf(outcome)).toBe(true)
    },
    timeoutMs,
  )
})
