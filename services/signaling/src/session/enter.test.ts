import { createLogger, createMemoryKv, newId, systemClock } from '@parley/kit'
import { afterAll, expect, it } from 'vitest'
import type { Context } from '../node/context.ts'
import type { Command } from '../room/decide.ts'
import { LiveRoom } from '../room/live-room.ts'
import { headOf } from '../room/state.ts'
import { StoreLife } from '../room/store-life.ts'
import { aMeeting } from '../testing/a-meeting.ts'
import { Answers } from './answers.ts'
import { takeSeat } from './enter.ts'
import { LocalSession } from './local-session.ts'
import type { Connection } from './session.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const kv = createMemoryKv({ log })
const life = new StoreLife({ kv, clock: systemClock })
const node = 'here'
const context = { node, log, life, clock: systemClock } as unknown as Context
afterAll(() => kv.close())

const aRoom = (meetingId: string): LiveRoom =>
  new LiveRoom(meetingId, { node, kv, clock: systemClock, life, log, publish() {}, onDelivered() {}, onChanges() {} })

/** Somebody on the way in, and what became of the socket. */
function arriving(room: LiveRoom) {
  const meeting = aMeeting({ id: room.meetingId })
  const [participantId, sessionId, userId] = [newId(), newId(), newId()]
  const device = { mic: true, cam: true, screen: false, hand: null, connection: 'connected' as const }
  const who = { id: participantId, userId, name: 'Ada', role: 'participant' as const, guest: false }
  const participant = { ...who, ...device, joinedAt: new Date().toISOString() }
  const seat = { participant, node, sessionId, resumeHash: 'hash', lostAt: null }
  const local = new LocalSession({ participantId, sessionId, userId })
  const principal = { userId, sessionId, kind: 'user' as const, name: 'Ada', epoch: 0, expiresAt: 2 ** 31 }
  const connection = {
    socket: { send() {}, castWith() {}, close() {}, idle: true },
    session: { state: 'authenticated', principal },
    answers: new Answers(),
  } as unknown as Connection
  const command = { kind: 'join', seat, meeting } as const
  return {
    connection,
    participantId,
    userId,
    enter: () => takeSeat(context, connection, { principal, room, local, command }),
  }
}

/** A room that is busy with a commit, so that what is asked of it meanwhile commits together. */
async function aBusyRoom(): Promise<LiveRoom> {
  const room = aRoom(newId())
  await room.load()
  await room.submit({ kind: 'join', ...first(room) })
  void room.submit({ kind: 'confirm' })
  return room
}
const first = (room: LiveRoom): Pick<Extract<Command, { kind: 'join' }>, 'seat' | 'meeting'> => ({
  meeting: aMeeting({ id: room.meetingId }),
  seat: {
    participant: {
      id: newId(),
      userId: newId(),
      name: 'Host',
      role: 'host',
      guest: false,
      mic: true,
      cam: true,
      screen: false,
      hand: null,
      connection: 'connected',
      joinedAt: new Date().toISOString(),
    },
    node,
    sessionId: newId(),
    resumeHash: 'host',
    lostAt: null,
  },
})

it('C6 a participant who enters in the commit that ends the meeting is told that it is over', async () => {
  const room = await aBusyRoom()
  const { connection, enter, participantId } = arriving(room)
  const entering = enter()
  void room.submit({ kind: 'end', reason: 'host' })
  await expect(entering).rejects.toMatchObject({ code: 'meeting-over' })
  expect(connection.session.state).toBe('authenticated')
  expect(room.locals.has(participantId)).toBe(false)
})

it('a participant who is removed in the commit that lets them in is sent back to meetings', async () => {
  const room = await aBusyRoom()
  const { connection, enter, userId } = arriving(room)
  const entering = enter()
  void room.submit({ kind: 'remove', userId, reason: 'removed' })
  await expect(entering).rejects.toMatchObject({ code: 'room-token-invalid' })
  expect(connection.session.state).toBe('authenticated')
  expect(room.locals.size).toBe(0)
})

it('keeps a participant who enters a room that has expired meanwhile', async () => {
  const room = await aBusyRoom()
  const head = headOf(room.state)
  expect(head && (await kv.docs.remove(room.meetingId, head, []))).toBe(true)
  const { connection, enter, participantId } = arriving(room)
  const { state } = await enter()
  expect([...state.seats.keys()]).toEqual([participantId])
  expect(connection.session.state).toBe('joined')
  expect(room.locals.get(participantId)?.attached).toBe(true)
})

it('C5 lets nobody in whose socket is closed before the commit', async () => {
  const room = await aBusyRoom()
  const { connection, enter, participantId } = arriving(room)
  const entering = enter()
  connection.session = { state: 'closed' }
  await expect(entering).rejects.toMatchObject({ code: 'deadline-exceeded' })
  await room.submit({ kind: 'confirm' })
  expect(room.state.seats.has(participantId)).toBe(false)
  expect(room.locals.size).toBe(0)
})
