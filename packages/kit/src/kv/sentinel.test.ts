import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually, freeze, startRedisSentinel, type RedisWithSentinel } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { commit, committed } from './documents.fixture.ts'
import { connectRedisKv } from './kv-redis.ts'
import type { Kv } from './kv.ts'

let redis: RedisWithSentinel
let kv: Kv
/** The incarnations that a listener was told, and whether commands were let through by then. */
let told: { id: string; connected: boolean }[]

beforeEach(async () => {
  told = []
  redis = await startRedisSentinel()
  kv = await connectRedisKv({ url: redis.url, log: silentLog() })
  kv.onIncarnation(({ id }) => void told.push({ id, connected: kv.connected() }))
}, 30_000)
afterEach(async () => {
  await kv.close()
  await redis.stop()
})

const patienceMs = 15_000
const promoted = () => eventually(async () => expect(await redis.masterPort()).toBe(redis.replica.port), patienceMs)
const back = () => eventually(() => kv.set('it', 'answers', 1000), patienceMs)

it('C4 knows of a failover that lost the last write before it commits anything there', async () => {
  const before = await kv.incarnation()
  const first = await committed(kv, 'r', { steps: [{ hand: '0' }] })
  await redis.healReplica()
  await redis.cutOffReplica()
  const lost = await committed(kv, 'r', { follows: first, steps: [{ hand: '1' }] })
  redis.master.kill('SIGKILL')
  await eventually(() => expect(kv.connected()).toBe(false))
  await promoted()
  await back()
  const after = await kv.incarnation()
  expect(after.id).not.toBe(before.id)
  expect(told).toEqual([{ id: after.id, connected: false }])
  expect(await kv.docs.look('r', lost)).toMatchObject({ found: 'other', doc: { head: first, fields: { hand: '0' } } })
  expect(await commit(kv, 'r', { follows: lost })).toEqual({ outcome: 'conflict', head: first })
}, 60_000)

it('C4 leaves a master that is frozen for the one that is promoted', async () => {
  const before = await kv.incarnation()
  const head = await committed(kv, 'r')
  await redis.healReplica()
  await freeze(redis.master.pid)
  const asking = setInterval(() => void kv.get('k').catch(() => {}), 50)
  await promoted()
  await back()
  clearInterval(asking)
  expect(await kv.docs.look('r', head)).toEqual({ found: 'same' })
  expect((await kv.incarnation()).id).not.toBe(before.id)
  expect(told).toMatchObject([{ connected: false }])
  redis.master.kill('SIGCONT')
  const next = await committed(kv, 'r', { follows: head })
  expect(await kv.docs.look('r', next)).toEqual({ found: 'same' })
}, 60_000)

it('C4 leaves a master that only the Sentinel has lost, for what is written there will be lost', async () => {
  const before = await kv.incarnation()
  const head = await committed(kv, 'r')
  await redis.healReplica()
  await redis.hideMaster()
  expect(await kv.docs.look('r', head)).toEqual({ found: 'same' })
  await promoted()
  await eventually(async () => expect((await kv.incarnation()).id).not.toBe(before.id), 3000)
  expect(told).toMatchObject([{ connected: false }])
  expect(await kv.docs.look('r', head)).toEqual({ found: 'same' })
}, 60_000)

it('follows a switch in good order within seconds, and loses nothing', async () => {
  const before = await kv.incarnation()
  const head = await committed(kv, 'r')
  await redis.switchOver()
  await promoted()
  await eventually(async () => expect((await kv.incarnation()).id).not.toBe(before.id), 3000)
  expect(await kv.docs.look('r', head)).toEqual({ found: 'same' })
  expect(told).toHaveLength(1)
}, 60_000)

it('keeps its connection while the Sentinel is away', async () => {
  const states: boolean[] = []
  kv.onStatus((connected) => void states.push(connected))
  redis.sentinel.kill('SIGKILL')
  const head = await committed(kv, 'r')
  expect(await kv.docs.look('r', head)).toEqual({ found: 'same' })
  expect(states).toEqual([])
}, 30_000)
