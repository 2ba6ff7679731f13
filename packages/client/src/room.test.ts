import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parley, Room } from './api.ts'
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
const texts = (room: Room) => room.state.get().messages.map(({ text }) => text)

describe('R1 joining', () => {
  test('gives the room as it is, its chat, and what happens next', async () => {
    for (const text of ['a', 'b', 'c']) server.say(text)
    const room = await enter()
    expect(room.state.get()).toMatchObject({
      status: { state: 'joined' },
      v: 1,
      self: { id: id(1) },
      peers: [],
      pending: [],
    })
    server.change('participant.joined', { participant: sampleParticipant(9) })
    server.say('d')
    await eventually(() => texts(room).length === 4 && room.state.get().peers.length === 1)
    expect(texts(room)).toEqual(['a', 'b', 'c', 'd'])
    expect(server.tokens).toEqual(['access-1'])
  })

  test('a final refusal rejects join; a temporary one is retried with a fresh room token', async () => {
    server.gateway.on('POST /v1/meetings/join', () => ({ status: 403, body: problem('passcode-required', 403) }))
    await expect(enter()).rejects.toMatchObject({ problem: { code: 'passcode-required' } })
    await server.gateway.close()
    server = await MeetingServer.start()
    parley = createParley({ url: server.gateway.url, onWarning: () => {} })
    await parley.signInAsGuest({ name: 'Ann' })
    let failures = 1
    server.answering = ({ type }, socket) =>
      type === 'room.join' && failures-- > 0 ? (socket.close(1012), null) : undefined
    const room = await enter()
    expect(statusOf(room)).toEqual({ state: 'joined' })
    expect(new Set(server.of('room.join').map(({ payload }) => payload['roomToken'])).size).toBe(2)
  })

  test('without a sign-in there is no join', async () => {
    const nobody = createParley({ url: server.gateway.url })
    await expect(nobody.join({ code: 'abc-defg-hij', device: { mic: false, cam: false } })).rejects.toMatchObject({
      problem: { code: 'unauthenticated' },
    })
  })
})

describe('C1 chat', () => {
  test('H1 H2 every answer lost once: every message stored once and shown once', async () => {
    const room = await enter()
    const cutFor = new Set<unknown>()
    server.answering = ({ type, payload }, socket) => {
      const key = payload['clientMessageId']
      if (type !== 'chat.send' || cutFor.has(key)) return undefined
      cutFor.add(key)
      if (cutFor.size === 2) server.say('stored, answer lost', String(key))
      socket.terminate()
      return null
    }
    const sent = await Promise.all(['one', 'two', 'three'].map((text) => room.sendMessage(text)))
    expect(sent.map((message) => message?.seq)).toEqual([1, 2, 3])
    expect(server.messages.length).toBe(3)
    await eventually(() => texts(room).length === 3)
    expect(room.state.get().messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(room.state.get().pending).toEqual([])
  })

  test('a message is pending until it is there, then it is there once', async () => {
    const room = await enter()
    const heard: string[] = []
    room.on('message', ({ text }) => heard.push(text ?? ''))
    const sending = room.sendMessage('hello')
    expect(room.state.get().pending).toMatchObject([{ text: 'hello' }])
    expect(await sending).toMatchObject({ seq: 1, text: 'hello' })
    expect(room.state.get()).toMatchObject({ pending: [], messages: [{ text: 'hello' }] })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(heard).toEqual(['hello'])
  })

  test('C2 a broadcast that was lost is noticed by the next, or by a ping, and fetched', async () => {
    const room = await enter()
    server.deaf = true
    server.say('lost')
    server.deaf = false
    server.say('heard')
    await eventually(() => texts(room).length === 2)
    server.deaf = true
    server.say('lost too')
    server.tell(server.seat, 'ping', { v: server.v, chatSeq: 3, serverTime: '' })
    await eventually(() => texts(room).length === 3)
    expect(texts(room)).toEqual(['lost', 'heard', 'lost too'])
  })
})

describe('R7 the room version', () => {
  test('a gap is asked for once, and closed', async () => {
    const room = await enter()
    server.deaf = true
    server.change('media.changed', {})
    server.deaf = false
    server.seat.participant = { ...server.seat.participant, name: 'Other' }
    server.change('participant.updated', { participantId: id(1), name: 'Other' })
    server.change('participant.updated', { participantId: id(1), name: 'Other' })
    await eventually(() => room.state.get().v === 4)
    expect(room.state.get().self.name).toBe('Other')
    expect(server.of('room.sync').map(({ payload }) => payload['v'])).toEqual([1])
  })

  test('snapshot asks the server from 0', async () => {
    const room = await enter()
    expect(await room.snapshot()).toMatchObject({ v: 1, selfParticipant: { id: id(1) }, chatSeq: 0 })
    await room.leave()
    expect(await room.snapshot()).toBe(null)
  })
})

describe('R3 the small things', () => {
  test('reactions, typing, being muted, leaving', async () => {
    const room = await enter()
    const heard: unknown[] = []
    room.on('reaction', (event) => heard.push(event))
    const stop = room.on('muted', (event) => heard.push(event))
    server.broadcast('reaction.added', { participantId: id(9), reaction: '🎉' })
    server.broadcast('moderation.muted', { kind: 'mic', by: id(9) })
    server.broadcast('chat.typing', { participantId: id(9), typing: true })
    await eventually(() => room.state.get().typing.length === 1)
    expect(heard).toEqual([
      { participantId: id(9), reaction: '🎉' },
      { kind: 'mic', by: id(9) },
    ])
    server.broadcast('chat.typing', { participantId: id(9), typing: false })
    await eventually(() => room.state.get().typing.length === 0)
    stop()
    room.setTyping(true)
    room.setTyping(true)
    room.setTyping(false)
    room.setTyping(false)
    await room.leave()
    expect(server.of('chat.typing').map(({ payload }) => payload['typing'])).toEqual([true, false])
    expect(server.of('room.leave').length).toBe(1)
    expect(statusOf(room)).toEqual({ state: 'left' })
    await room.leave()
  })

  test('A10 a renewed access token goes to the open socket', async () => {
    server.expiresIn = 2
    await parley.signInAsGuest({ name: 'Bob' })
    await enter()
    await eventually(() => server.of('auth.authenticate').length > 0)
    const renewed = String(server.of('auth.authenticate')[0]?.payload['accessToken'])
    expect(renewed).toMatch(/^access-/)
    expect(server.tokens).not.toContain(renewed)
  })

  test('H6 closing everything leaves nothing that waits', async () => {
    const room = await enter()
    server.answering = ({ type }) => (type === 'hand.raise' ? null : undefined)
    const waiting = room.raiseHand()
    await eventually(() => server.of('hand.raise').length === 1)
    parley.close()
    await expect(waiting).rejects.toMatchObject({ problem: { code: 'wrong-state' } })
    expect(statusOf(room)).toEqual({ state: 'left' })
  })
})
