import { createLogger, createMemoryKv } from '@parley/kit'
import { expect, it } from 'vitest'
import type { Context } from '../node/context.ts'
import { LocalSession } from '../session/local-session.ts'
import { aMeeting } from '../testing/a-meeting.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'
import { changesSince } from './resume.ts'

it('C4 gives a snapshot where the store knows less than this node has told already', async () => {
  const log = createLogger({ service: 'test', level: 'silent' })
  const kv = createMemoryKv({ log })
  const { room } = aLiveRoom(undefined, { kv })
  await room.load()
  await room.submit({ kind: 'join', seat: aSeat('ada'), meeting: aMeeting({ id: room.meetingId }) })
  const { epoch, v } = room.state
  const before = await kv.docs.since(room.meetingId, epoch, v - 1)
  await room.submit({ kind: 'hand', by: 'ada', raised: true })
  const local = new LocalSession({ participantId: 'ada', sessionId: 's-ada', userId: 'u-ada' })
  const context = { kv, log } as unknown as Context
  const seen = { epoch, v: v - 1 }
  expect(await changesSince(context, room, local, seen)).toMatchObject({ v: v + 1, change: { delta: { v: v + 1 } } })
  kv.docs.since = () => Promise.resolve(before)
  expect(await changesSince(context, room, local, seen)).toMatchObject({ v: v + 1, change: { snapshot: { v: v + 1 } } })
  await kv.close()
})

it('C4 tells a client no more than its node knows, so that it hears of everybody who leaves', async () => {
  const log = createLogger({ service: 'test', level: 'silent' })
  const kv = createMemoryKv({ log })
  const { room } = aLiveRoom(undefined, { kv })
  const { room: elsewhere } = aLiveRoom(room.meetingId, { kv, node: 'n2' })
  await room.submit({ kind: 'join', seat: aSeat('ada'), meeting: aMeeting({ id: room.meetingId }) })
  const { epoch, v } = room.state
  // The bus stands still: this node hears nothing of Ben.
  await elsewhere.load()
  await elsewhere.submit({
    kind: 'join',
    seat: aSeat('ben', { node: 'n2' }),
    meeting: aMeeting({ id: room.meetingId }),
  })
  const local = new LocalSession({ participantId: 'ada', sessionId: 's-ada', userId: 'u-ada' })
  const { change } = await changesSince({ kv, log } as unknown as Context, room, local, { v, epoch })
  expect(change).toMatchObject({ delta: { upserts: [{ id: 'ben' }] } })
  expect(room.state.seats.has('ben')).toBe(true)
  await kv.close()
})
