import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley, Room, RoomState } from './api.ts'
import { createParley } from './parley.ts'
import { eventually } from './testing/eventually.ts'
import { problem } from './testing/gateway.ts'
import { MeetingServer } from './testing/meeting-server.ts'
import { id, sampleParticipant } from './testing/samples.ts'

let server: MeetingServer
let parley: Parley
let warnings: unknown[]
beforeEach(async () => {
  server = await MeetingServer.start()
  warnings = []
  parley = createParley({ url: server.gateway.url, onWarning: (error) => warnings.push(error) })
  await parley.signInAsGuest({ name: 'Ann' })
})
afterEach(async () => {
  parley.close()
  await server.gateway.close()
})

const enter = () => parley.join({ code: 'abc-defg-hij', device: { mic: true, cam: true } })
const statusOf = (room: Room) => room.state.get().status
const historyOf = (room: Room) => {
  const statuses: RoomState['status'][] = []
  room.state.subscribe(() => {
    const { status } = room.state.get()
    if (status.state !== (statuses.at(-1)?.state ?? 'joined')) statuses.push(status)
  })
  return statuses
}
const texts = (room: Room) => room.state.get().messages.map(({ text }) => text)

describe('R8 resume', () => {
  test.each([1001, 1006, 1012, 4408, 4413])('after %i the session goes on, with what was missed', async (code) => {
    const room = await enter()
    const statuses = historyOf(room)
    if (code === 1006) server.seat.socket?.terminate()
    else server.seat.socket?.close(code)
    server.deaf = true
    server.change('participant.joined', { participant: sampleParticipant(9) })
    server.say('missed')
    server.deaf = false
    server.seat.participant = { ...server.seat.participant, name: 'Ann B.' }
    await eventually(() => statuses.at(-1)?.state === 'joined' && texts(room).length === 1)
    expect(statuses.map(({ state }) => state)).toEqual(['reconnecting', 'joined'])
    expect(room.state.get()).toMatchObject({ v: 2, self: { name: 'Ann B.' } })
    expect(server.of('room.resume')[0]?.payload).toMatchObject({
      sessionId: id(3001),
      resumeToken: 'resume-1-1',
      v: 1,
      chatSeq: 0,
    })
    expect(server.of('room.join').length).toBe(1)
  })

  test('again and again, each time with the newest resume token', async () => {
    const room = await enter()
    for (let i = 1; i <= 3; i++) {
      server.seat.socket?.terminate()
      await eventually(() => server.of('room.resume').length === i && statusOf(room).state === 'joined')
    }
    expect(server.of('room.resume').map(({ payload }) => payload['resumeToken'])).toEqual([
      'resume-1-1',
      'resume-1-1+',
      'resume-1-1++',
    ])
  })

  test('a server that is not back yet is tried until it is', async () => {
    const room = await enter()
    let refusals = 3
    server.answering = ({ type }, socket) =>
      type === 'room.resume' && refusals-- > 0 ? (socket.terminate(), null) : undefined
    const statuses = historyOf(room)
    server.seat.socket?.terminate()
    await eventually(() => statuses.at(-1)?.state === 'joined', 15_000)
    expect(server.of('room.resume').length).toBe(4)
  })

  test('resume-failed: one joins anew, once; if that is refused the room is lost', async () => {
    const room = await enter()
    server.say('before')
    server.seat.sessionId = 'forgotten'
    server.seat.socket?.terminate()
    await eventually(() => server.seats.length === 2 && statusOf(room).state === 'joined')
    expect(room.state.get()).toMatchObject({ self: { id: id(2) }, v: 2 })
    expect(texts(room)).toEqual(['before'])
    server.seat.sessionId = 'forgotten'
    server.gateway.on('POST /v1/meetings/join', () => ({ status: 403, body: problem('not-admitted', 403) }))
    server.seat.socket?.terminate()
    await eventually(() => statusOf(room).state === 'lost')
    expect(statusOf(room)).toMatchObject({ problem: { code: 'not-admitted' } })
  })

  test('4401 renews the token first', async () => {
    const room = await enter()
    server.seat.socket?.close(4401)
    await eventually(() => server.of('room.resume').length === 1 && statusOf(room).state === 'joined')
    expect(server.tokens).toEqual(['access-1', 'access-2'])
  })

  test('4401 and no new token: lost', async () => {
    const room = await enter()
    server.gateway.on('POST /v1/auth/refresh', () => ({ status: 401, body: problem('invalid-refresh-token', 401) }))
    server.seat.socket?.close(4401)
    await eventually(() => statusOf(room).state === 'lost')
    expect(statusOf(room)).toMatchObject({ problem: { code: 'invalid-refresh-token' } })
    expect(parley.user.get()).toBe(null)
  })

  test.each([
    [4403, 'kicked', 'removed'],
    [4410, 'host', 'ended'],
    [4409, '', 'lost'],
    [4400, 'bad', 'lost'],
    [1000, '', 'left'],
  ])('%i ends it', async (code, reason, state) => {
    const room = await enter()
    server.seat.socket?.close(code, reason)
    await eventually(() => statusOf(room).state === state)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(server.of('room.resume')).toEqual([])
    await expect(room.raiseHand()).rejects.toMatchObject({ problem: { code: 'wrong-state' } })
  })

  test.each([
    ['room.kicked', { reason: 'rude', by: id(1) }, { state: 'removed', reason: 'rude' }],
    ['room.ended', { reason: 'host' }, { state: 'ended', reason: 'host' }],
  ])('R6 %s says why', async (type, payload, status) => {
    const room = await enter()
    server.tell(server.seat, type, payload)
    await eventually(() => statusOf(room).state === status.state)
    expect(statusOf(room)).toEqual(status)
  })
})

describe('R9 server.draining', () => {
  test('make before break: resumed on a new socket before the old one goes; no request fails', async () => {
    const room = await enter()
    const statuses = historyOf(room)
    const old = server.seat.socket
    server.answering = ({ type }) => (type === 'hand.raise' ? null : undefined)
    const waiting = room.muteAll('mic')
    const repeated = room.raiseHand()
    await eventually(() => server.of('hand.raise').length === 1)
    server.answering = () => undefined
    server.tell(server.seat, 'server.draining', { reconnectAfterMs: 20 })
    await eventually(() => server.seat.socket !== old && server.seat.socket)
    expect(await waiting).toBe(3)
    await repeated
    expect(server.of('hand.raise').map(({ requestId }) => requestId)).toEqual(
      Array(2).fill(server.of('hand.raise')[0]?.requestId),
    )
    await room.react('👍')
    expect(statuses).toEqual([])
    expect(server.of('room.resume').length).toBe(1)
  })

  test('a new socket that does not come does not cost the old one', async () => {
    const room = await enter()
    const statuses = historyOf(room)
    let refusals = 2
    server.answering = ({ type }, socket) =>
      type === 'room.resume' && refusals-- > 0 ? (socket.close(1012), null) : undefined
    server.tell(server.seat, 'server.draining', { reconnectAfterMs: 0 })
    await eventually(() => server.of('room.resume').length === 3)
    await room.raiseHand()
    expect(statuses).toEqual([])
  })
})

describe('promise 2: what is under way when the connection goes', () => {
  test('media and hands are asked again under the same request id', async () => {
    const room = await enter()
    let cut = true
    server.answering = ({ type }, socket) =>
      type === 'media.update' && cut ? ((cut = false), socket.terminate(), null) : undefined
    await room.setMic(false)
    const asked = server.of('media.update')
    expect(asked.length).toBe(2)
    expect(asked[0]?.requestId).toBe(asked[1]?.requestId)
    await eventually(() => room.state.get().self.mic === false)
  })

  test('moderation is not repeated: unavailable', async () => {
    const room = await enter()
    server.answering = ({ type }, socket) => (type === 'moderation.mute' ? (socket.terminate(), null) : undefined)
    await expect(room.mute(id(9), 'mic')).rejects.toMatchObject({ problem: { code: 'unavailable' } })
    await expect(room.lowerHandOf(id(9))).rejects.toMatchObject({ problem: { code: 'unavailable' } })
    expect(server.of('moderation.mute').length).toBe(1)
  })

  test('a passing refusal is borne with, under a new request id', async () => {
    const room = await enter()
    let refusals = 2
    server.answering = ({ type }) =>
      type === 'hand.raise' && refusals-- > 0
        ? { type: 'error', payload: problem('unavailable', 503, { retryAfterMs: 5 }) }
        : undefined
    await room.raiseHand()
    expect(new Set(server.of('hand.raise').map(({ requestId }) => requestId)).size).toBe(3)
  })
})
