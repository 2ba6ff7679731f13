import { createLogger, createMemoryKv } from '@parley/kit'
import { expect, it } from 'vitest'
import { aMeeting } from '../testing/a-meeting.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'

it('X36 a removal that comes after the end is done with, whether or not the room is still in memory', async () => {
  const kv = createMemoryKv({ log: createLogger({ service: 'test', level: 'silent' }) })
  const { room } = aLiveRoom(undefined, { kv })
  await room.load()
  const meeting = aMeeting({ id: room.meetingId })
  for (const id of ['host', 'guest']) await room.submit({ kind: 'join', seat: aSeat(id), meeting })
  await Promise.all([
    room.submit({ kind: 'end', reason: 'host', seq: 1 }),
    room.submit({ kind: 'remove', userId: 'u-guest', reason: 'left', seq: 2 }),
    room.submit({ kind: 'remove', userId: 'u-host', reason: 'left', seq: 3 }),
  ])
  await room.submit({ kind: 'remove', userId: 'u-host', reason: 'left', seq: 4 })
  const { room: again } = aLiveRoom(room.meetingId, { kv })
  await again.load()
  await again.submit({ kind: 'remove', userId: 'u-guest', reason: 'left', seq: 5 })
  expect(again.state.seats.size).toBe(0)
  await kv.close()
})
