import { createLogger, createMemoryKv, ProblemError } from '@parley/kit'
import { expect, it } from 'vitest'
import type { Context } from '../node/context.ts'
import type { Connection, ParticipantSession } from '../session/session.ts'
import { LocalSession } from '../session/local-session.ts'
import { aMeeting } from '../testing/a-meeting.ts'
import { aLiveRoom, aSeat } from '../testing/live-rooms.ts'
import { leave } from './room.ts'

it('sends a snapshot to a participant whose leave failed', async () => {
  const kv = createMemoryKv({ log: createLogger({ service: 'test', level: 'silent' }) })
  const { room } = aLiveRoom(undefined, { kv })
  await room.load()
  const meeting = aMeeting({ id: room.meetingId })
  for (const id of ['host', 'guest']) await room.submit({ kind: 'join', seat: aSeat(id), meeting })
  const shown: string[] = []
  const socket = { send: (frame: Buffer) => void shown.push(String(frame)), castWith() {}, close() {}, idle: true }
  const local = new LocalSession({ participantId: 'guest', sessionId: 's-guest', userId: 'u-guest' })
  local.enter(socket).take()
  local.release(room.state.v)
  room.locals.set('guest', local)

  const session = { state: 'joined', room, local } as unknown as Extract<ParticipantSession, { state: 'joined' }>
  const connection = { session } as unknown as Connection
  const commit = kv.docs.commit.bind(kv.docs)
  let leaving: Promise<unknown> | undefined
  // The leaving waits behind a commit that is made, and its own is not.
  kv.docs.commit = (id, one) => {
    if (leaving) return Promise.reject(new ProblemError('unavailable'))
    leaving = Promise.resolve(
      leave({ context: { ice: { release() {} } } as unknown as Context, connection, session, payload: {} }),
    )
    return commit(id, one)
  }
  await room.submit({ kind: 'media', by: 'host', changed: { mic: false } })
  await expect(leaving).rejects.toMatchObject({ code: 'unavailable' })
  expect(room.locals.get('guest')).toBe(local)
  const snapshot = shown.find((frame) => frame.includes('room.snapshot')) ?? ''
  expect(JSON.parse(snapshot.slice(snapshot.indexOf('{')))).toMatchObject({
    payload: { v: room.state.v, peers: [{ id: 'host', mic: false }] },
  })
  await kv.close()
})
