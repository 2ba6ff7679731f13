import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { eventually, freeze, startRedis, type RunningServer } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { commit, commitOf, restorationOf } from './documents.fixture.ts'
import { createMemoryKv } from './kv-memory.ts'
import { connectRedisKv } from './kv-redis.ts'
import { kvContract } from './kv.contract.ts'
import type { Kv } from './kv.ts'

let redis: RunningServer
beforeAll(async () => void (redis = await startRedis()))
afterAll(() => redis.stop())

/** Its own prefix makes it empty. */
const open = (options: { url?: string; prefix?: string; claimAfterMs?: number } = {}) =>
  connectRedisKv({ url: redis.url, log: silentLog(), namespace: randomUUID(), ...options })

kvContract('the store in memory', async () => createMemoryKv())
kvContract('the store in Redis', () => open())

const calls: Record<string, (kv: Kv) => Promise<unknown>> = {
  get: (kv) => kv.get('k'),
  set: (kv) => kv.set('k', 'v', 1000),
  announce: (kv) => kv.announce('s', 'm', 1000),
  alive: (kv) => kv.alive('s'),
  read: (kv) => kv.docs.read('r'),
  since: (kv) => kv.docs.since('r', 'e1', 0),
  look: (kv) => kv.docs.look('r', null),
  commit: (kv) => kv.docs.commit('r', commitOf({ incarnation: 'i' })),
  restore: (kv) => kv.docs.restore('r', restorationOf({ epoch: 'e1', version: 1, commitId: 'c' })),
  incarnation: (kv) => kv.incarnation(),
  append: (kv) => kv.facts.append('f'),
}

describe('the store in Redis when the server goes', () => {
  it('answers unavailable while it is down, and works again when it came back empty', async () => {
    const first = await startRedis()
    const kv = await open({ url: first.url })
    const got: string[] = []
    kv.facts.consume({
      group: 'g',
      consumer: 'c',
      handle: async (facts) => void got.push(...facts.map(({ text }) => text)),
    })
    await commit(kv, 'r', { facts: ['before'] })
    await eventually(() => expect(got).toEqual(['before']))
    first.kill('SIGKILL')
    await eventually(() => expect(kv.connected()).toBe(false))
    for (const [name, call] of Object.entries(calls))
      await expect(call(kv), name).rejects.toMatchObject({ code: 'unavailable', extra: { retryAfterMs: 1000 } })
    const second = await startRedis({ port: first.port })
    await eventually(() => expect(kv.connected()).toBe(true))
    expect(await kv.docs.read('r')).toBeNull()
    expect(await commit(kv, 'r', { facts: ['after'] })).toMatchObject({ outcome: 'committed', head: { version: 1 } })
    await eventually(() => expect(got).toEqual(['before', 'after']))
    await kv.close()
    await Promise.all([first.stop(), second.stop()])
  })

  it('answers unavailable within a second while it is frozen, counts limits itself, and goes on when it thaws', async () => {
    const server = await startRedis()
    const kv = await open({ url: server.url })
    const limiter = kv.limiter({ name: 'l', points: 2, seconds: 60 })
    await limiter.take('k')
    const guesses = kv.distinct({ name: 'g', points: 3, seconds: 60 })
    for (const guess of ['one', 'two']) await guesses.add('k', guess)
    await freeze(server.pid)
    for (let round = 0; round < 3; round += 1)
      for (const [name, call] of Object.entries(calls)) {
        const started = Date.now()
        await expect(call(kv), name).rejects.toMatchObject({ code: 'unavailable' })
        expect(Date.now() - started, name).toBeLessThan(800)
      }
    const started = Date.now()
    const allowed = []
    for (let i = 0; i < 50; i += 1) allowed.push((await limiter.take('k')).allowed)
    expect(allowed).toEqual([true, true, ...Array(48).fill(false)])
    expect(Date.now() - started).toBeLessThan(700)
    // X29: whoever has guessed before does not begin anew.
    const tried = []
    for (let i = 0; i < 5; i += 1) tried.push((await guesses.add('k', `guess ${i}`)).allowed)
    expect(tried).toEqual([true, false, false, false, false])
    server.kill('SIGCONT')
    await eventually(() => commit(kv, 'fresh'))
    await eventually(async () => expect((await limiter.take('k', 0)).remaining).toBe(1))
    await kv.close()
    await server.stop()
  })

  it('T9 counts nothing twice when it stood still: of what was given up, each is carried out once at most', async () => {
    const server = await startRedis()
    const same = { url: server.url, namespace: 'same' }
    const options = { name: 'l', points: 1_000, seconds: 60 }
    const kv = await open(same)
    const limiter = kv.limiter(options)
    for (let round = 0; round < 3; round += 1) {
      await freeze(server.pid)
      await Promise.all(Array.from({ length: 20 }, () => limiter.take('k')))
      server.kill('SIGCONT')
      await eventually(() => kv.set('it', 'answers', 1_000))
      // Until it counts in Redis again.
      await sleep(1_100)
    }
    const other = await open(same)
    const used = 1_000 - (await other.limiter(options).take('k', 0)).remaining
    expect(used).toBeGreaterThan(0)
    expect(used).toBeLessThanOrEqual(60)
    await Promise.all([kv.close(), other.close()])
    await server.stop()
  })

  it('T9 lets no more than 10,000 commands wait', async () => {
    const server = await startRedis()
    const lengths = new Map<string, () => number>()
    const metrics = {
      ...createMetrics(),
      queue: (name: string, length: () => number) => void lengths.set(name, length),
    }
    const kv = await connectRedisKv({ url: server.url, log: silentLog(), metrics })
    await freeze(server.pid)
    const asked = Array.from({ length: 12_000 }, () => kv.get('k'))
    expect(lengths.get('redis-commands')?.()).toBe(10_000)
    const answers = await Promise.allSettled(asked)
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true)
    server.kill('SIGCONT')
    await eventually(() => kv.set('it', 'answers', 1_000))
    expect(lengths.get('redis-commands')?.()).toBeLessThan(10)
    await kv.close()
    await server.stop()
  })

  it('waits for a server that is not there yet', async () => {
    const gone = await startRedis()
    await gone.stop()
    const opening = open({ url: gone.url })
    const server = await startRedis({ port: gone.port })
    const kv = await opening
    expect(await kv.get('k')).toBeNull()
    await kv.close()
    await server.stop()
  })
})

describe('facts in Redis', () => {
  it('go to another consumer when the first died without acknowledging', async () => {
    const shared = { namespace: randomUUID(), claimAfterMs: 500 }
    const [dying, living] = await Promise.all([open(shared), open(shared)])
    const taken: string[] = []
    const hang = (facts: readonly { id: string }[]) => {
      taken.push(...facts.map(({ id }) => id))
      return new Promise<void>(() => {})
    }
    dying.facts.consume({ group: 'g', consumer: 'dying', handle: hang })
    await dying.facts.append('a')
    await dying.facts.append('b')
    await eventually(() => expect(taken.length).toBeGreaterThan(0))
    await dying.close()
    const got: string[] = []
    const handle = async (facts: readonly { text: string }[]) => void got.push(...facts.map(({ text }) => text))
    const consumer = living.facts.consume({ group: 'g', consumer: 'living', handle })
    await eventually(() => expect(got.sort()).toEqual(['a', 'b']))
    await consumer.stop()
    await living.close()
  })

  it('are claimed by two consumers without being handled twice when nobody died', async () => {
    const shared = { namespace: randomUUID(), claimAfterMs: 1000 }
    const stores = await Promise.all([open(shared), open(shared)])
    const got: string[] = []
    const handle = async (facts: readonly { id: string }[]) => void got.push(...facts.map(({ id }) => id))
    const consumers = stores.map((kv, at) => kv.facts.consume({ group: 'g', consumer: `c${at}`, handle }))
    for (let i = 0; i < 300; i += 1) await commit(stores[0], `r${i}`, { facts: ['f'] })
    await eventually(() => expect(got).toHaveLength(300))
    expect(new Set(got).size).toBe(300)
    await Promise.all(consumers.map((consumer) => consumer.stop()))
    await Promise.all(stores.map((kv) => kv.close()))
  })
})
