import { createLogger, createMemoryKv } from '@parley/kit'
import { expect, it } from 'vitest'
import { LocalSession } from '../session/local-session.ts'
import { aMeeting } from '../testing/a-meeting.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'
import type { HeadNews } from './news.ts'

it('H9 does not go back to what it read where the news have gone further meanwhile', async () => {
  const kv = createMemoryKv({ log: createLogger({ service: 'test', level: 'silent' }) })
  const there = aLiveRoom(undefined, { kv })
  const here = aLiveRoom(there.room.meetingId, { kv, node: 'n2' })
  await there.room.load()
  const meeting = aMeeting({ id: there.room.meetingId })
  await there.room.submit({ kind: 'join', seat: aSeat('ada'), meeting })
  await here.room.load()
  const shown: string[] = []
  const show = (frame: Buffer) => void shown.push(String(frame))
  const socket = { send: show, castWith: (_cast: unknown, frame: Buffer) => show(frame), close() {}, idle: true }
  const local = new LocalSession({ participantId: 'ada', sessionId: 's-ada', userId: 'u-ada' })
  local.enter(socket).take()
  local.release(here.room.state.v)
  here.room.locals.set('ada', local)

  await there.room.submit({ kind: 'hand', by: 'ada', raised: true })
  const look = kv.docs.look.bind(kv.docs)
  kv.docs.look = async (id, known) => {
    kv.docs.look = look
    const looked = await look(id, known)
    await there.room.submit({ kind: 'media', by: 'ada', changed: { mic: false } })
    for (const news of there.told.slice(-2)) here.room.hear(news as HeadNews)
    return looked
  }
  await here.room.catchUp()
  expect(here.room.state.v).toBe(there.room.state.v)
  const types = shown.map((frame) => /"type":"([\w.]+)"/.exec(frame)?.[1])
  expect(types).toEqual(['hand.changed', 'media.changed'])
  await kv.close()
})
