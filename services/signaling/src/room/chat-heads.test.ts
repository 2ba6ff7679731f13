import { chatBus } from '@parley/contracts'
import { respond, createLogger, createMemoryBus, newId, systemClock, type Bus } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { ChatHeads, isKnown, noteChat } from './chat-heads.ts'
import type { LiveRoom } from './live-room.ts'

const log = createLogger({ service: 'test', level: 'silent' })

describe('C7 the heads of the chats of rooms', () => {
  let bus: Bus
  let asked: string[][]
  const stored = new Map<string, { seq: number; rev: number }>()
  beforeEach(() => {
    bus = createMemoryBus({ log })
    asked = []
    stored.clear()
  })

  const startChat = () =>
    respond(
      bus,
      chatBus.heads,
      'chat',
      async ({ meetingIds }) => {
        asked.push(meetingIds)
        return { heads: [...stored].map(([meetingId, head]) => ({ meetingId, ...head })) }
      },
      log,
    )
  const aRoom = (people = 1) => {
    const told: string[] = []
    const room = {
      meetingId: newId(),
      chatSeq: 0,
      chatRev: 0,
      locals: new Map(Array.from({ length: people }, (_, at) => [`p${at}`, {} as never])),
      state: { v: 3 } as LiveRoom['state'],
      broadcast: (frame: Buffer) => void told.push(frame.toString('utf8')),
    }
    return { room, told }
  }
  const headsOf = (rooms: readonly ReturnType<typeof aRoom>[]) =>
    new ChatHeads({ bus, clock: systemClock, log, rooms: () => rooms.map(({ room }) => room) })

  it('asks once for all rooms with somebody in them, and tells those who missed something', async () => {
    startChat()
    const rooms = [aRoom(), aRoom(), aRoom(0)]
    const [one, two] = rooms.map(({ room }) => room)
    stored.set(one?.meetingId ?? '', { seq: 7, rev: 2 })
    const heads = headsOf(rooms)
    await heads.askAll()
    await heads.askAll()
    expect(asked).toEqual(Array(2).fill([one?.meetingId, two?.meetingId]))
    expect([one?.chatSeq, one?.chatRev]).toEqual([7, 2])
    expect(rooms[0]?.told).toHaveLength(1)
    expect(rooms[0]?.told[0]).toContain('"chatSeq":7,"chatRev":2')
    expect(rooms[1]?.told).toEqual([])
  })

  it('asks in chunks of 1,000', async () => {
    startChat()
    const heads = headsOf(Array.from({ length: 2_300 }, () => aRoom()))
    await heads.askAll()
    expect(asked.map(({ length }) => length)).toEqual([1_000, 1_000, 300])
  })

  it('C20 lets no room wait for a chat that stands still, and tells a room once it answers', async () => {
    const gate = Promise.withResolvers<void>()
    respond(
      bus,
      chatBus.heads,
      'chat',
      async ({ meetingIds: [meetingId = ''] }) => {
        await gate.promise
        return { heads: [{ meetingId, seq: 4, rev: 0 }] }
      },
      log,
    )
    const { room, told } = aRoom()
    const heads = headsOf([{ room, told }])
    await heads.readFor(room)
    expect(room.chatSeq).toBe(0)
    gate.resolve()
    await eventually(() => expect(told[0]).toContain('"chatSeq":4'))
  })

  it('C20 opens 25 rooms one after the other while the chat is away, and knows their numbers when it is back', async () => {
    const silent = bus.respond(chatBus.heads.subject, 'chat', () => new Promise(() => {}))
    const rooms = Array.from({ length: 25 }, () => aRoom())
    const heads = headsOf(rooms)
    await heads.askAll()
    const started = performance.now()
    for (const { room } of rooms) await heads.readFor(room)
    // Each waited 1 s before.
    expect(performance.now() - started).toBeLessThan(1_000)
    silent.unsubscribe()
    startChat()
    for (const { room } of rooms) stored.set(room.meetingId, { seq: 9, rev: 1 })
    await heads.askAll()
    expect(rooms.every(({ room, told }) => room.chatSeq === 9 && told.length === 1)).toBe(true)
  })

  it('recognises a repeated message by its number, and never goes back', () => {
    const room = { chatSeq: 0, chatRev: 0 }
    expect([
      noteChat(room, { seq: 5, rev: 2 }),
      noteChat(room, { seq: 3 }),
      noteChat(room, { seq: 3, rev: 3 }),
    ]).toEqual([true, false, true])
    expect(room).toEqual({ chatSeq: 5, chatRev: 3 })
    const message = { seq: 5, rev: 4 } as never
    const news = { kind: 'chat', message } as const
    expect(isKnown(room, { ...news, type: 'chat.message', again: true })).toBe(true)
    expect(isKnown(room, { ...news, type: 'chat.updated', again: true })).toBe(false)
    expect(isKnown(room, { ...news, type: 'chat.message' })).toBe(false)
  })
})
