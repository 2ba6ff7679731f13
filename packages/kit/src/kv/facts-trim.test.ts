import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventually, startRedis, type RunningServer } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { batchSize, FactReader, type Batch } from './fact-reader.ts'
import { keptPerShard, trimmedAtOnce } from './fact-scripts.ts'
import { connectRedisKv } from './kv-redis.ts'
import { RedisKeys } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'

let redis: RunningServer
let link: RedisLink
let admin: Redis
let keys: RedisKeys
beforeAll(async () => {
  redis = await startRedis()
  admin = new Redis(redis.url)
  link = new RedisLink({ url: redis.url, log: silentLog(), greet: async () => {} })
  await link.ready()
})
afterAll(async () => {
  link.close()
  admin.disconnect()
  await redis.stop()
})
beforeEach(() => void (keys = new RedisKeys(`${randomUUID()}:`)))

const shard = 3
const readerOf = (group: string) =>
  new FactReader({ link, streams: keys.streams(), group, consumer: 'c', claimAfterMs: 10_000 })

async function append(count: number): Promise<void> {
  const pipeline = admin.pipeline()
  for (let i = 0; i < count; i += 1) pipeline.xadd(keys.stream(shard), '*', 't', `${i}`)
  await pipeline.exec()
}

/** Reads so many batches; gives them back. */
async function read(reader: FactReader, batches: number): Promise<Batch[]> {
  const all: Batch[] = []
  for (let i = 0; i < batches; i += 1) all.push(...(await reader.readNew([shard])))
  return all
}

async function trimAll(reader: FactReader): Promise<number> {
  while (await reader.trim(shard));
  return admin.xlen(keys.stream(shard))
}

const oldest = async () => (await admin.xrange(keys.stream(shard), '-', '+', 'COUNT', 1))[0]?.[0]

it('C19 removes what is acknowledged, up to the latest, and at most 1,000 at once', async () => {
  const reader = readerOf('g')
  const count = keptPerShard + trimmedAtOnce + 500
  await append(count)
  for (const batch of await read(reader, Math.ceil(count / batchSize))) await reader.acknowledge(batch)
  expect(await reader.trim(shard)).toBe(true)
  expect(await admin.xlen(keys.stream(shard))).toBe(count - trimmedAtOnce)
  expect(await reader.trim(shard)).toBe(false)
  expect(await trimAll(reader)).toBe(keptPerShard)
})

it('C19 keeps what nobody has had yet, and what somebody has and did not acknowledge', async () => {
  const reader = readerOf('g')
  await append(keptPerShard + 1000)
  const [first, second, third] = await read(reader, 3)
  if (!first || !second || !third) throw new Error('There are three batches')
  expect(await trimAll(reader)).toBe(keptPerShard + 1000)
  await reader.acknowledge(first)
  await reader.acknowledge(third)
  await trimAll(reader)
  expect(await oldest()).toBe(second.entries[0])
  await reader.acknowledge(second)
  await trimAll(reader)
  expect(await oldest()).toBe(third.entries.at(-1))
  const rest = await read(reader, 40)
  expect(rest.flatMap(({ facts }) => facts).length).toBe(keptPerShard + 1000 - 3 * batchSize)
})

it('C19 keeps what one of two groups has not acknowledged', async () => {
  const [reader, other] = [readerOf('g'), readerOf('other')]
  const count = keptPerShard + 500
  await append(count)
  const [batch] = await read(other, 1)
  for (const one of await read(reader, Math.ceil(count / batchSize))) await reader.acknowledge(one)
  expect(await trimAll(reader)).toBe(count)
  if (batch) await other.acknowledge(batch)
  await trimAll(reader)
  expect(await oldest()).toBe(batch?.entries.at(-1))
})

it('C19 compares what was added within a millisecond by its number', async () => {
  const reader = readerOf('g')
  const pipeline = admin.pipeline()
  for (let i = 1; i <= keptPerShard + 20; i += 1) pipeline.xadd(keys.stream(shard), `5-${i}`, 't', `${i}`)
  await pipeline.exec()
  const [first] = await read(reader, 1)
  if (first) await reader.acknowledge({ ...first, entries: first.entries.slice(0, 9) })
  await trimAll(reader)
  expect(await oldest()).toBe('5-10')
})

it('C19 a consumer trims the stream while new facts arrive', async () => {
  const namespace = randomUUID()
  keys = new RedisKeys(`${namespace}:`)
  const kv = await connectRedisKv({ url: redis.url, log: silentLog(), namespace })
  const count = keptPerShard + trimmedAtOnce * 2
  await append(count)
  const got = new Set<string>()
  const handle = async (facts: readonly { id: string }[]) => facts.forEach(({ id }) => got.add(id))
  const consumer = kv.facts.consume({ group: 'g', consumer: 'c', handle })
  await append(10)
  await eventually(async () => expect(await admin.xlen(keys.stream(shard))).toBe(keptPerShard), 10_000)
  expect(got.size).toBe(count + 10)
  await consumer.stop()
  await kv.close()
})
