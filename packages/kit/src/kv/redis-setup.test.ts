import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { eventually, startRedis } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { StartupError } from '../startup-error.ts'
import { createMemoryKv } from './kv-memory.ts'
import { connectRedisKv } from './kv-redis.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function serverWith(...args: string[]) {
  const server = await startRedis({ args })
  const admin = new Redis(server.url)
  stops.push(server.stop, () => admin.disconnect())
  return { url: server.url, admin }
}

async function open(url: string) {
  const warnings: string[] = []
  const log = pino({}, { write: (line: string) => void warnings.push(line) })
  const kv = await connectRedisKv({ url, log })
  stops.push(() => kv.close())
  return { kv, warnings: () => warnings.filter((line) => line.includes('maxmemory-policy')) }
}

it('refuses a Redis Cluster, and says why', async () => {
  const { url } = await serverWith('--cluster-enabled', 'yes')
  const opening = connectRedisKv({ url, log: silentLog() })
  await expect(opening).rejects.toThrow(StartupError)
  await expect(opening).rejects.toThrow(/Redis Cluster \(cluster_enabled:1\)/)
})

it('C21 warns at every connect of a Redis that evicts, and has it among its faults', async () => {
  const { url, admin } = await serverWith('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
  const { kv, warnings } = await open(url)
  expect(kv.faults()).toEqual([
    'Redis deletes rooms when its memory is full: set maxmemory-policy allkeys-lru to noeviction',
  ])
  expect(warnings()).toHaveLength(1)
  const reconnect = async () => {
    await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await eventually(() => expect(kv.connected()).toBe(false))
    await eventually(() => expect(kv.connected()).toBe(true))
  }
  await reconnect()
  expect(warnings()).toHaveLength(2)
  await admin.config('SET', 'maxmemory-policy', 'noeviction')
  await reconnect()
  expect([kv.faults(), warnings().length]).toEqual([[], 2])
})

it.each([[], ['--maxmemory', '100mb'], ['--maxmemory-policy', 'volatile-lru']])(
  'has no fault with %s %s',
  async (...args) => {
    const { url } = await serverWith(...args)
    const { kv, warnings } = await open(url)
    expect([kv.faults(), warnings()]).toEqual([[], []])
  },
)

it('the store in memory has no fault', async () => {
  const kv = createMemoryKv()
  expect(kv.faults()).toEqual([])
  await kv.close()
})
