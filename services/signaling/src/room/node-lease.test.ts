import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger, createMemoryKv, systemClock } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { expect, it } from 'vitest'
import { leases, NodeLease } from './node-lease.ts'
import { StoreLife } from './store-life.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const hourMs = 3_600_000

it('T9 a node that does not find its own lease does not take the others for dead; one that does, does', async () => {
  const kv = createMemoryKv({ log })
  const lease = new NodeLease('a', { kv, clock: systemClock, life: new StoreLife({ kv, clock: systemClock }), log })
  await kv.announce(leases, 'b', hourMs)
  await lease.start()
  expect(lease.isGone('b')).toBe(false)
  expect(lease.hadRunOut(Date.now())).toBe(false)
  expect(lease.hadRunOut(Date.now() + 5_000)).toBe(true)

  // The store comes back empty, and this node is the first to ask.
  await Promise.all(['a', 'b'].map((node) => kv.withdraw(leases, node)))
  await eventually(async () => expect(await kv.alive(leases)).toEqual(['a']))
  await sleep(1_500)
  expect(lease.isGone('b')).toBe(false)
  await kv.announce(leases, 'b', hourMs)

  // Long afterwards the other one goes.
  await sleep(4_000)
  expect(lease.isGone('b')).toBe(false)
  await kv.withdraw(leases, 'b')
  await eventually(() => expect(lease.isGone('b')).toBe(true))
  await lease.stop()
  await kv.close()
}, 20_000)

it('R2 a node that was never seen with a lease is gone only after two more looks: it may just have begun', async () => {
  const kv = createMemoryKv({ log })
  const lease = new NodeLease('a', { kv, clock: systemClock, life: new StoreLife({ kv, clock: systemClock }), log })
  await lease.start()
  expect(lease.isGone('b')).toBe(false)
  expect(lease.isGone('c')).toBe(false)
  await kv.announce(leases, 'b', hourMs)
  await eventually(() => expect(lease.isGone('c')).toBe(true), 5_000)
  expect(lease.isGone('b')).toBe(false)
  await lease.stop()
  await kv.close()
}, 10_000)
