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

  test('the caller may abort, and the server is told', async () => {
    const giveUp = new AbortController()
    const room = enter({ signal: giveUp.signal })
    await eventually(() => positions.length)
    giveUp.abort(new Error('enough'))
    await expect(room).rejects.toThrow('enough')
    await eventually(() => server.of('room.leave').length === 1)
  })
})

describe('R9 promise 4: a server that goes tells those who wait', () => {
  const admit = (socket: ServerSocket | null) =>
    socket?.send(JSON.stringify({ type: 'lobby.result', payload: { admitted: true, ...joined() } }))
  const drain = (socket: ServerSocket | null, reconnectAfterMs = 0) =>
    socket?.send(JSON.stringify({ type: 'server.draining', payload: { reconnectAfterMs } }))
  const resumes = () => server.of('room.resume').map(({ payload }) => payload['resumeToken'])
  /** Each `room.resume` is given to `answer`; what that does not answer is answered as usual. */
  function onResume(answer: (socket: ServerSocket) => ReturnType<typeof server.answering>) {
    const usual = server.answering
    server.answering = (message, socket) => {
      const answered = message.type === 'room.resume' ? answer(socket) : undefined
      return answered === undefined ? usual(message, socket) : answered
    }
  }
  /** Answers the newest `room.resume`, after a moment. */
  function answerLater(socket: ServerSocket): void {
    const { requestId } = server.of('room.resume').at(-1) ?? {}
    const answer = { type: 'lobby.waiting', requestId, payload: placeOf(1) }
    setTimeout(() => socket.send(JSON.stringify(answer)), 50)
  }
  async function waitingRoom() {
    const room = enter()
    await eventually(() => positions.length === 1 && waiting)
    return { room, old: waiting }
  }

  test('make before break: the wait moves to a new socket before the old one closes, and keeps its place', async () => {
    const { room, old } = await waitingRoom()
    const open: (number | undefined)[] = []
    onResume(() => (open.push(old?.readyState), undefined))
    drain(old, 20)
    await eventually(() => waiting !== old)
    old?.close(4409)
    await eventually(() => old?.readyState === 3)
    drain(waiting)
    await eventually(() => resumes().length === 2)
    admit(waiting)
    expect((await room).state.get().self.id).toBe(id(1))
    expect(open).toEqual([1, 3])
    expect(resumes()).toEqual(['wait-1', 'wait-2'])
    expect(positions).toEqual([2])
    expect(server.of('room.join').length).toBe(1)
  })

  test('the old socket, which the server does not close, is dropped after a while', async () => {
    const { room, old } = await waitingRoom()
    drain(old)
    await eventually(() => waiting !== old)
    await eventually(() => old?.readyState === 3)
    admit(waiting)
    await room
  })

  test('an admission on the old socket during the move counts, and the participant then moves as one in the room', async () => {
    const { room, old } = await waitingRoom()
    onResume(() => ({ type: 'error', payload: problem('resume-failed', 409, { next: 'rejoin' }) }))
    drain(old)
    await eventually(() => resumes().length === 1)
    admit(old)
    await room
    await eventually(() => resumes().includes('room-1'))
    expect(server.of('room.join').length).toBe(1)
  })

  test('let in on the old socket when the new one has the place already: the old one counts', async () => {
    const { room, old } = await waitingRoom()
    drain(old)
    await eventually(() => waiting !== old)
    tell('error', problem('room-token-invalid', 409, { next: 'rejoin' }))
    await eventually(() => waiting?.readyState === 3)
    admit(old)
    await room
    expect(server.of('room.join').length).toBe(1)
  })

  test('closed by the server before the new one was answered: it goes on there', async () => {
    const { room, old } = await waitingRoom()
    onResume((socket) => {
      old?.close(4409)
      answerLater(socket)
      waiting = socket
      return null
    })
    drain(old)
    await eventually(() => positions.length === 2)
    admit(waiting)
    await room
    expect(positions).toEqual([2, 1])
    expect(resumes().length).toBe(1)
  })

  test('a new socket that does not come does not cost the old one; refused or closed, it begins elsewhere', async () => {
    const { room, old } = await waitingRoom()
    let refusals = 2
    onResume((socket) => (refusals-- > 0 ? (socket.close(1012), null) : undefined))
    drain(old)
    await eventually(() => resumes().length === 3)
    expect(resumes()).toEqual(['wait-1', 'wait-1', 'wait-1'])
    await eventually(() => waiting !== old)
    admit(waiting)
    await room
    expect(positions).toEqual([2])
  })

  test('a reject during a move arrives; giving up during a move leaves the lobby, also on the new node', async () => {
    const { room, old } = await waitingRoom()
    const usual = server.answering
    onResume(() => null)
    drain(old)
    await eventually(() => resumes().length === 1)
    old?.send(JSON.stringify({ type: 'lobby.result', payload: { admitted: false, reason: 'rejected' } }))
    await expect(room).rejects.toMatchObject({ problem: { code: 'not-admitted' } })

    const giveUp = new AbortController()
    const again = enter({ signal: giveUp.signal })
    await eventually(() => positions.length === 2)
    drain(waiting)
    await eventually(() => resumes().length === 2)
    giveUp.abort(new Error('enough'))
    await expect(again).rejects.toThrow('enough')
    await eventually(() => server.of('room.leave').length === 1)

    server.answering = usual
    const last = new AbortController()
    const third = enter({ signal: last.signal })
    await eventually(() => positions.length === 3)
    onResume((socket) => {
      last.abort(new Error('enough'))
      answerLater(socket)
      return null
    })
    drain(waiting)
    await expect(third).rejects.toThrow('enough')
    await eventually(() => server.of('room.leave').length === 3)
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
