import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Parley, Room } from './api.ts'
import { createParley } from './parley.ts'
import { eventually } from './testing/eventually.ts'
import { problem } from './testing/gateway.ts'
import { MeetingServer } from './testing/meeting-server.ts'

let server: MeetingServer
let parley: Parley
beforeEach(async () => {
  server = await MeetingServer.start()
  parley = createParley({ url: server.gateway.url, onWarning: () => {} })
  await parley.signInAsGuest({ name: 'Ann' })
})
afterEach(async () => {
  parley.close()
  await server.gateway.close()
})

const enter = () => parley.join({ code: 'abc-defg-hij', device: { mic: true, cam: true } })
const seen = (room: Room) => room.state.get().messages
const numbers = (to: number) => Array.from({ length: to }, (_, i) => i + 1)

/** Takes the socket away and lets things happen before it is back. */
async function whileAway(act: () => void): Promise<void> {
  const resumes = server.of('room.resume').length
  server.deaf = true
  act()
  server.seat.socket?.terminate()
  await eventually(() => server.of('room.resume').length > resumes)
  server.deaf = false
}

test('C2 R8 500 messages missed come after the resume: in order, once each, without a gap', async () => {
  const room = await enter()
  const heard: number[] = []
  room.on('message', ({ seq }) => heard.push(seq))
  for (const text of ['a', 'b', 'c']) server.say(text)
  await eventually(() => seen(room).length === 3)
  await whileAway(() => {
    for (let n = 0; n < 500; n++) server.say(`missed ${n}`)
  })
  // Somebody goes on talking while it is filled.
  for (let n = 0; n < 5; n++) server.say(`live ${n}`)
  await eventually(() => seen(room).length === 508)
  expect(seen(room).map(({ seq }) => seq)).toEqual(numbers(508))
  expect(heard).toEqual(numbers(508))
  expect(room.state.get().pending).toEqual([])
})

test('C3 R8 edits and deletions that were missed are seen after the resume, also of what is on no page yet', async () => {
  for (let n = 1; n <= 120; n++) server.say(`text ${n}`)
  const room = await enter()
  await eventually(() => seen(room).length === 50)
  await whileAway(() => {
    server.changeMessage(119, 'edited')
    server.changeMessage(120)
    server.changeMessage(10, 'old and edited')
    server.say('new')
    server.changeMessage(121, 'new and edited')
  })
  await eventually(() => seen(room).at(-1)?.text === 'new and edited')
  expect(seen(room).slice(-3)).toMatchObject([
    { seq: 119, text: 'edited', rev: 1 },
    { seq: 120, rev: 2, deletedAt: expect.any(String) },
    { seq: 121, rev: 4 },
  ])
  expect(seen(room).at(-2)).not.toHaveProperty('text')
  while (room.state.get().hasOlderMessages) await room.loadOlderMessages()
  expect(seen(room)[9]?.text).toBe('old and edited')
})

test('C3 a ping tells of a change whose broadcast got lost', async () => {
  const room = await enter()
  server.say('a')
  await eventually(() => seen(room).length === 1)
  server.deaf = true
  server.changeMessage(1, 'b')
  server.deaf = false
  server.tell(server.seat, 'ping', { v: server.v, chatSeq: 1, chatRev: 1, serverTime: '' })
  await eventually(() => seen(room)[0]?.text === 'b')
})

test('C3 the author edits and deletes; a lost answer is requested again; a refusal is shown', async () => {
  const room = await enter()
  const sent = await room.sendMessage('helo')
  let cuts = 1
  server.answering = ({ type, requestId, payload }, socket) => {
    if (type === 'chat.edit' && cuts-- > 0) return (socket.terminate(), null)
    return type === 'chat.delete' && payload['messageId'] !== sent?.id && requestId
      ? { type: 'error', payload: problem('forbidden', 403) }
      : undefined
  }
  await room.editMessage(sent?.id ?? '', 'hello')
  await eventually(() => seen(room)[0]?.text === 'hello')
  expect(new Set(server.of('chat.edit').map(({ requestId }) => requestId)).size).toBe(1)
  await room.deleteMessage(sent?.id ?? '')
  await eventually(() => seen(room)[0]?.deletedAt !== undefined)
  const other = server.say('theirs')
  await expect(room.deleteMessage(other.id)).rejects.toMatchObject({ problem: { code: 'forbidden' } })
})

test('C3 the answer to a message sent again does not bring back what a moderator deleted meanwhile', async () => {
  const room = await enter()
  let cuts = 1
  server.answering = ({ type, payload }) => {
    if (type !== 'chat.send' || cuts-- <= 0) return undefined
    const { seq } = server.say('rude', String(payload['clientMessageId']))
    server.changeMessage(seq)
    server.seat.socket?.terminate()
    return null
  }
  server.deaf = true
  await room.sendMessage('rude')
  server.deaf = false
  await eventually(() => seen(room)[0]?.deletedAt !== undefined)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(seen(room)[0]).not.toHaveProperty('text')
})

test('C4 a flood limit delays what is sent, and nothing is lost', async () => {
  const room = await enter()
  let left = 3
  server.answering = ({ type }) => {
    if (type !== 'chat.send' || left-- > 0) return undefined
    setTimeout(() => (left = 3), 40)
    return { type: 'error', payload: problem('rate-limited', 429, { retryAfterMs: 50 }) }
  }
  const texts = Array.from({ length: 8 }, (_, n) => `${n}`)
  const all = Promise.all(texts.map((text) => room.sendMessage(text)))
  await eventually(() => room.state.get().pending[0]?.delayed?.code === 'rate-limited')
  expect((await all).map((message) => message?.seq)).toEqual(numbers(8))
  expect(server.messages.map(({ text }) => text)).toEqual(texts)
})
