import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, freeze, startRedis, type RunningServer } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { commit, commitOf, committed } from './documents.fixture.ts'
import { createMemoryKv } from './kv-memory.ts'
import { connectRedisKv } from './kv-redis.ts'
import type { Incarnation, Kv } from './kv.ts'

let redis: RunningServer
let kv: Kv
let admin: Redis
/** The news to a listener, and whether commands were let through at that moment. */
let told: (Incarnation & { connected: boolean })[]
const listen = (to: Kv) => to.onIncarnation((life) => void told.push({ ...life, connected: to.connected() }))

beforeEach(async () => {
  told = []
  redis = await startRedis()
  kv = await connectRedisKv({ url: redis.url, log: silentLog(), namespace: randomUUID() })
  admin = new Redis(redis.url)
  admin.on('error', () => {})
  listen(kv)
})
afterEach(async () => {
  admin.disconnect()
  await kv.close()
  await redis.stop()
})

describe('the incarnation of Redis', () => {
  it('C1 changes when all data was deleted, for every client, and a create for the old one then fails', async () => {
    const before = await kv.incarnation()
    await committed(kv, 'r')
    await admin.flushall()
    const late = await kv.docs.commit('late', commitOf({ incarnation: before.id }))
    expect(late).toEqual({ outcome: 'conflict', head: null })
    const look = await kv.docs.look('r', null)
    expect(look).toMatchObject({ found: 'none' })
    const after = await kv.incarnation()
    expect(after.id).not.toBe(before.id)
    expect(after.now - after.ageMs).toBeGreaterThanOrEqual(before.now)
    expect(told.map(({ id }) => id)).toEqual([after.id])
    expect(look).toMatchObject({ incarnation: { id: after.id } })
    expect((await commit(kv, 'late')).outcome).toBe('committed')
    expect((await kv.docs.commit('late2', commitOf({ incarnation: before.id }))).outcome).toBe('conflict')
  })

  it('C4 changes when the process restarts with its data, and listeners know before any command passes', async () => {
    const before = await kv.incarnation()
    const head = await committed(kv, 'r')
    await admin.save()
    const { port, dir } = redis
    redis.kill('SIGKILL')
    await eventually(() => expect(kv.connected()).toBe(false))
    const asked = eventually(() => kv.docs.look('r', head))
    const second = await startRedis({ port, dir })
    expect(await asked).toEqual({ found: 'same' })
    const after = await kv.incarnation()
    expect(after.id).not.toBe(before.id)
    expect(told).toMatchObject([{ id: after.id, connected: false }])
    expect((await kv.docs.commit('new', commitOf({ incarnation: before.id }))).outcome).toBe('conflict')
    await second.stop()
  })

  it('C4 creates nothing in a process that nobody has asked yet', async () => {
    const { id } = await kv.incarnation()
    const key = (await admin.keys('*:incarnation'))[0] ?? ''
    await admin.hset(key, 'run_id', 'of-another-process')
    expect((await kv.docs.commit('r', commitOf({ incarnation: id }))).outcome).toBe('conflict')
    expect((await kv.incarnation()).id).not.toBe(id)
    expect(told).toHaveLength(1)
  })

  it('is the same after a reconnect to the same process, and nobody is told', async () => {
    const before = await kv.incarnation()
    await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await eventually(() => expect(kv.connected()).toBe(false))
    await eventually(() => expect(kv.connected()).toBe(true))
    expect((await kv.incarnation()).id).toBe(before.id)
    expect(told).toEqual([])
  })

  it('is read again until that succeeds, and until then every command is unavailable', async () => {
    const seen: boolean[] = []
    kv.onStatus((connected) => void seen.push(connected))
    const before = await kv.incarnation()
    await admin.call('ACL', 'SETUSER', 'default', '-evalsha', '-eval')
    await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await eventually(() => expect(kv.connected()).toBe(false))
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(String(await admin.info('stats')))?.[1])
    const first = await connections()
    const refused = async () => {
      await expect(kv.get('k')).rejects.toMatchObject({ code: 'unavailable' })
      expect(await connections()).toBeGreaterThan(first + 2)
    }
    await eventually(refused, 5000)
    await admin.call('ACL', 'SETUSER', 'default', '+evalsha', '+eval')
    await eventually(() => expect(kv.connected()).toBe(true), 5000)
    expect([(await kv.incarnation()).id, seen]).toEqual([before.id, [false, true]])
  })

  it('is the same when Redis stood still', async () => {
    const before = await kv.incarnation()
    await freeze(redis.pid)
    for (let i = 0; i < 4; i += 1) await expect(kv.incarnation()).rejects.toMatchObject({ code: 'unavailable' })
    redis.kill('SIGCONT')
    expect((await eventually(() => kv.incarnation(), 5000)).id).toBe(before.id)
    expect(told).toEqual([])
  })
})

it('C1 the store in memory forgets everything and is in another incarnation', async () => {
  const memory = createMemoryKv()
  listen(memory)
  const before = await memory.incarnation()
  await committed(memory, 'r')
  memory.forget()
  const { id } = await memory.incarnation()
  expect(id).not.toBe(before.id)
  expect(told).toMatchObject([{ id }])
  expect(await memory.docs.look('r', null)).toMatchObject({ found: 'none', incarnation: { id } })
  expect((await memory.docs.commit('r', commitOf({ incarnation: before.id }))).outcome).toBe('conflict')
  await memory.close()
})

describe('a document in Redis of which a part was evicted', () => {
  it.each(['changed', 'removed'])('C21 swallows no change when its index "%s" is gone', async (index) => {
    const first = await committed(kv, 'r', { steps: [{ a: '1', b: '1' }] })
    const second = await committed(kv, 'r', { follows: first, steps: [{ a: '2' }, { b: null }] })
    const keys = await admin.keys(`*:${index}:r`)
    expect(await admin.del(...keys)).toBe(1)
    const swallowed = async () => {
      expect(await kv.docs.since('r', 'e1', first.version)).toBeNull()
      expect(await kv.docs.look('r', first)).toEqual({ found: 'other', doc: await kv.docs.read('r') })
    }
    await swallowed()
    const third = await committed(kv, 'r', { follows: second, steps: [{ c: '1' }, { c: null, d: '1' }] })
    await swallowed()
    expect(await kv.docs.look('r', third)).toEqual({ found: 'same' })
    expect(await kv.docs.remove('r', third, [])).toBe(true)
    const again = await committed(kv, 'r')
    const fourth = await committed(kv, 'r', { follows: again, steps: [{ d: '1' }] })
    expect(await kv.docs.look('r', again)).toMatchObject({ found: 'changes', head: fourth, fields: { d: '1' } })
  })
})

it('C13 announces 20,000 members in 20 commands, between which others get their turn', async () => {
  const members = Array.from({ length: 20_000 }, (_, i) => `member-${i}`)
  await kv.announce('warm', 'up', 1000)
  await admin.config('RESETSTAT')
  let done = false
  const announced = kv.announce('rooms', members, 60_000).then(() => (done = true))
  let turns = 0
  while (!done) {
    await kv.get('k')
    turns += 1
  }
  await announced
  const stats = String(await admin.info('commandstats'))
  expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).toBe('20')
  expect(turns).toBeGreaterThanOrEqual(10)
  expect(await kv.alive('rooms')).toHaveLength(20_000)
})
