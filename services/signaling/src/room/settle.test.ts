import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger, createMemoryKv, ProblemError } from '@parley/kit'
import { afterAll, expect, it } from 'vitest'
import { aMeeting } from '../testing/a-meeting.ts'
import { headOf } from './state.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'

const kv = createMemoryKv({ log: createLogger({ service: 'test', level: 'silent' }) })
afterAll(() => kv.close())

it('C1 C2 a room that finds out by its own reading that the store was lost waits for the others before it goes on', async () => {
  const { room } = aLiveRoom(undefined, { kv })
  await room.load()
  await room.submit({ kind: 'join', seat: aSeat('ada'), meeting: aMeeting({ id: room.meetingId }) })
  const look = kv.docs.look.bind(kv.docs)
  kv.docs.look = () => Promise.reject(new ProblemError('unavailable'))
  await expect(room.catchUp()).rejects.toMatchObject({ code: 'unavailable' })
  kv.docs.look = look
  kv.forget()
  let committed = false
  const acting = room.submit({ kind: 'hand', by: 'ada', raised: true }).then(() => (committed = true))
  await sleep(500)
  const restored = await kv.docs.read(room.meetingId)
  expect(restored).toMatchObject({
    base: restored?.head.version,
    fields: { 'p:ada': expect.stringContaining('"hand":null') },
  })
  expect(committed).toBe(false)
  await acting
})

it('C1 a room that waits for the others is put back again when the store is lost once more meanwhile', async () => {
  const { room } = aLiveRoom(undefined, { kv })
  await room.load()
  await room.submit({ kind: 'join', seat: aSeat('ada'), meeting: aMeeting({ id: room.meetingId }) })
  kv.forget()
  await room.catchUp()
  const acting = room.submit({ kind: 'hand', by: 'ada', raised: true })
  await sleep(1_000)
  kv.forget()
  await sleep(700)
  expect(await kv.docs.read(room.meetingId)).not.toBeNull()
  await acting
})

it('X17 C2 a commit without an answer is not ruled out before all have put back what they know', async () => {
  const { room } = aLiveRoom(undefined, { kv })
  await room.load()
  await room.submit({ kind: 'join', seat: aSeat('ada'), meeting: aMeeting({ id: room.meetingId }) })
  const commit = kv.docs.commit.bind(kv.docs)
  kv.docs.commit = () => Promise.reject(new ProblemError('unavailable'))
  await expect(room.submit({ kind: 'hand', by: 'ada', raised: true })).rejects.toMatchObject({ code: 'unavailable' })
  kv.docs.commit = commit
  kv.forget()
  room.tend(performance.now())
  await sleep(300)
  const restored = await kv.docs.read(room.meetingId)
  expect(restored?.base).toBe(restored?.head.version)
})

it('H5 a node that reads what nobody told of tells the others', async () => {
  const there = aLiveRoom(undefined, { kv })
  await there.room.load()
  const meeting = aMeeting({ id: there.room.meetingId })
  await there.room.submit({ kind: 'join', seat: aSeat('ada'), meeting })
  const here = aLiveRoom(meeting.id, { kv, node: 'n2' })
  await here.room.load()
  const head = { kind: 'head', node: 'n2', head: headOf(there.room.state) }
  expect(here.told).toEqual([head])
  await there.room.submit({ kind: 'hand', by: 'ada', raised: true })
  await here.room.catchUp()
  expect(here.told).toEqual([head, { ...head, head: headOf(there.room.state) }])
})

it('C1 C2 a room that another node has restored before, not knowing all, waits for the others, too', async () => {
  const there = aLiveRoom(undefined, { kv })
  await there.room.load()
  const meeting = aMeeting({ id: there.room.meetingId })
  await there.room.submit({ kind: 'join', seat: aSeat('ada', { node: 'n2' }), meeting })
  const here = aLiveRoom(meeting.id, { kv, node: 'n2' })
  await here.room.load()
  await here.room.submit({ kind: 'hand', by: 'ada', raised: true })
  kv.forget()
  await there.room.catchUp()
  let committed = false
  const acting = here.room.submit({ kind: 'media', by: 'ada', changed: { mic: false } }).then(() => (committed = true))
  await sleep(500)
  expect(JSON.parse((await kv.docs.read(meeting.id))?.fields['p:ada'] ?? '')).toMatchObject({
    participant: { hand: 3 },
  })
  expect(committed).toBe(false)
  await acting
})
