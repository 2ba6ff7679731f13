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
