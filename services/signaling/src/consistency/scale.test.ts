import { setTimeout as sleep } from 'node:timers/promises'
import { chatBus } from '@parley/contracts'
import { connectRedisKv, createLogger, newId, systemClock } from '@parley/kit'
import { eventually, startRedis } from '@parley/kit/testing'
import { expect, it } from 'vitest'
import { Reaper } from '../room/reaper.ts'
import type { RoomRegistry } from '../room/registry.ts'
import { StoreLife } from '../room/store-life.ts'
import { keepFacts } from '../testing/facts.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes } from '../testing/linked-nodes.ts'
import { worlds } from '../testing/worlds.ts'

const log = createLogger({ service: 'test', level: 'silent' })

it('C13 a node that announces 12,000 rooms refuses nobody meanwhile, and none of them is taken for an orphan', async () => {
  const redis = await startRedis()
  const kv = await connectRedisKv({ url: redis.url, log })
  const ids = Array.from({ length: 12_000 }, newId)
  const rooms = ids.map((meetingId) => ({
    meetingId,
    locals: new Map(),
    state: { seats: new Map([['a', aSeatOf()]]) },
  }))
  let opened = 0
  const registry = {
    rooms: () => rooms.values(),
    tend: () => {},
    refreshLobbies: () => {},
    open: async () => void (opened += 1),
  } as unknown as RoomRegistry
  const life = new StoreLife({ kv, clock: systemClock })
  const reaper = new Reaper({ node: 'n1', rooms: registry, kv, life, log, isGone: () => false, hadRunOut: () => false })
  reaper.start()
  const refused: unknown[] = []
  let asked = 0
  await eventually(async () => {
    const asking = Array.from({ length: 50 }, () => kv.get('anything').catch((error: unknown) => refused.push(error)))
    await Promise.all(asking)
    asked += asking.length
    expect(await kv.alive('signaling:rooms')).toHaveLength(ids.length)
    expect(asked).toBeGreaterThan(1_000)
  }, 15_000)
  await sleep(5_000)
  expect(refused).toEqual([])
  expect(await kv.expired('signaling:rooms')).toEqual([])
  expect(opened).toBe(0)
  reaper.stop()
  await kv.close()
  await redis.stop()
}, 60_000)

const aSeatOf = () => ({ participant: { id: 'a' }, sessionId: 's', node: 'n2', lostAt: null })

it('C20 25 rooms of a node that dies while the chat stands still are adopted, and empty within the bound', async () => {
  const world = await worlds['in one process']()
  const product = await startLinkedNodes(world)
  const facts = keepFacts(world.kv)
  const meetings = Array.from({ length: 25 }, () => aMeeting())
  const participants = await Promise.all(meetings.map((meeting) => product.join(0, meeting, 'Ada')))
  await eventually(async () => expect(await world.kv.alive('signaling:rooms')).toHaveLength(meetings.length))
  product.busOf(1).stall(chatBus.head.subject)
  // The node is cut off from everything, and its sockets are gone with it.
  product.busOf(0).cut()
  product.storeOf(0).cut()
  for (const { client } of participants) client.drop()
  // Its lease runs out after 5 s, the announcements of its rooms after 6 s; then comes the grace.
  await eventually(() => {
    const left = meetings.filter(({ id }) => facts.of(id, 'left').length === 1)
    expect(left).toHaveLength(meetings.length)
  }, 22_000)
  await facts.stop()
  await product.stop()
}, 60_000)
