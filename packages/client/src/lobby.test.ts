import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket as ServerSocket } from 'ws'
import type { Parley } from './api.ts'
import { createParley } from './parley.ts'
import { eventually } from './testing/eventually.ts'
import { problem } from './testing/gateway.ts'
import { MeetingServer } from './testing/meeting-server.ts'
import { id, sampleParticipant } from './testing/samples.ts'

let server: MeetingServer
let parley: Parley
let waiting: ServerSocket | null
let positions: number[]
beforeEach(async () => {
  server = await MeetingServer.start()
  waiting = null
  positions = []
  server.answering = ({ type, payload }, socket) => {
    if (type !== 'room.join' && !(type === 'room.resume' && String(payload['resumeToken']).startsWith('wait')))
      return undefined
    waiting = socket
    return { type: 'lobby.waiting', payload: placeOf(2) }
  }
  parley = createParley({ url: server.gateway.url, onWarning: () => {} })
  await parley.signInAsGuest({ name: 'Ann' })
})
afterEach(async () => {
  parley.close()
  await server.gateway.close()
})

const placeOf = (position: number) => ({
  participantId: id(1),
  position,
  sessionId: id(9),
  resumeToken: `wait-${server.tokens.length}`,
  resumeWindowMs: 120_000,
})
const tell = (type: string, payload: unknown) => waiting?.send(JSON.stringify({ type, payload }))
const enter = (more = {}) =>
  parley.join({
    code: 'abc-defg-hij',
    device: { mic: false, cam: false },
    onWaiting: (position) => positions.push(position),
    ...more,
  })
const joined = () => ({
  meeting: {},
  selfParticipant: sampleParticipant(1, { role: 'cohost' }),
  peers: [],
  v: 4,
  chatSeq: 0,
  lobby: [],
  lv: 1,
  iceServers: [],
  sessionId: id(10),
  resumeToken: 'room-1',
  resumeWindowMs: 120_000,
  graceMs: 10_000,
})

describe('R5 M15 waiting in the lobby', () => {
  test('join tells the place, and resolves when let in; what follows at once is not missed', async () => {
    const room = enter()
    await eventually(() => positions.length)
    tell('lobby.waiting', placeOf(1))
    tell('lobby.result', { admitted: true, ...joined() })
    tell('participant.joined', { v: 5, participant: sampleParticipant(2) })
    expect((await room).state.get().self.id).toBe(id(1))
    await eventually(async () => (await room).state.get().v === 5)
    await eventually(() => positions.length === 2)
    expect(positions).toEqual([2, 1])
    expect((await room).state.get().peers.length).toBe(1)
  })

  test('a lost connection keeps the place: resumed with the newest token', async () => {
    const room = enter()
    await eventually(() => positions.length === 1)
    waiting?.terminate()
    await eventually(() => positions.length === 2)
    waiting?.close(1012)
    await eventually(() => positions.length === 3)
    tell('lobby.result', { admitted: true, ...joined() })
    await room
    expect(server.of('room.resume').map(({ payload }) => payload['resumeToken'])).toEqual(['wait-1', 'wait-2'])
    expect(server.of('room.join').length).toBe(1)
  })

  test('a wait that cannot be resumed begins anew with a fresh room token', async () => {
    const usual = server.answering
    server.answering = (message, socket) =>
      message.type === 'room.resume'
        ? { type: 'error', payload: problem('resume-failed', 409) }
        : usual(message, socket)
    const room = enter()
    await eventually(() => positions.length === 1)
    waiting?.terminate()
    await eventually(() => positions.length === 2)
    expect(server.of('room.join').length).toBe(2)
    tell('lobby.result', { admitted: true, ...joined() })
    await room
  })

  test.each([
    ['rejected', 'not-admitted'],
    ['removed', 'removed-from-meeting'],
    ['ended', 'meeting-over'],
  ])('%s: join rejects with %s', async (reason, code) => {
    const room = enter()
    await eventually(() => positions.length)
    tell('lobby.result', { admitted: false, reason })
    await expect(room).rejects.toMatchObject({ problem: { code } })
  })

  test('one may give up: the server is told', async () => {
    const giveUp = new AbortController()
    const room = enter({ signal: giveUp.signal })
    await eventually(() => positions.length)
    giveUp.abort(new Error('enough'))
    await expect(room).rejects.toThrow('enough')
    await eventually(() => server.of('room.leave').length === 1)
  })
})

test('R5 hosts see who waits, let in and send away', async () => {
  const room = enter()
  await eventually(() => positions.length)
  tell('lobby.result', { admitted: true, ...joined() })
  const { state, admit, reject, admitAll } = await room
  const entry = { participantId: id(5), userId: id(505), name: 'Eve', guest: true, position: 1, askedAt: '' }
  tell('lobby.updated', { lv: 2, lobby: [entry] })
  await eventually(() => state.get().lobby.length === 1)
  server.answering = ({ type }) =>
    type === 'lobby.admitAll' ? { type: 'ack', payload: { count: 1 } } : { type: 'ack', payload: {} }
  await admit(id(5))
  await reject(id(5))
  expect(await admitAll()).toBe(1)
  tell('participant.updated', { v: 5, participantId: id(1), role: 'participant' })
  await eventually(() => state.get().lobby.length === 0)
})
