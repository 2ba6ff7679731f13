import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '@parley/kit/testing'
import { aGuest, anAccount, createMeeting, type Account } from '../support/accounts.ts'
import { GuestBrowser } from '../support/guest-browser.ts'
import { comeBack, heardNothing, namesIn, queueOf } from '../support/lobby.ts'
import { hintsFor } from '../support/nodes.ts'
import { rest } from '../support/people.ts'
import { startEmbedded, startStack, type Product, type StackFile } from '../support/product.ts'
import { takeSeat, type Seated } from '../support/protocol-socket.ts'

const settings = { waitingRoom: true }
const turn = [
  '--set',
  'signaling:TURN_URLS=turn:turn.example.org',
  '--set',
  'signaling:TURN_SECRET=only-for-those-inside',
]
const stack = ['--gateway', '2', '--signaling', '2', '--meetings', '2', '--chat', '2', '--respawn']

type Started = Product & { file?: StackFile; present?(): Promise<StackFile> }
const products: [string, () => Promise<Started>][] = [
  ['embedded', startEmbedded],
  ['distributed', () => startStack([...stack, ...turn])],
]

describe.each(products)('the lobby, %s', (name, start) => {
  let product: Started
  /** Where each signaling node is reached by; both the same one when there is one. */
  let hints: (string | undefined)[] = [undefined, undefined]
  let host: Account
  beforeAll(async () => {
    product = await start()
    const nodes = product.file?.signaling ?? []
    if (nodes.length > 0) hints = await hintsFor(nodes, url(0))
    host = await anAccount(url(0), 'Host')
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  const url = (n: number) => product.gateways[n % product.gateways.length] ?? ''
  const sit = (who: Account, meeting: { code: string }, n: number) => takeSeat(url(n), who, meeting, hints[n % 2])
  const drop = ({ socket }: Seated) => socket.drop()

  /** A host in the room and three guests in its lobby, spread over gateways and nodes. */
  async function threeWait() {
    const meeting = await createMeeting(url(0), host, { settings })
    const inside = await sit(host, meeting, 0)
    const waiting: Seated[] = []
    for (const [n, guest] of ['Ann', 'Bea', 'Cleo'].entries())
      waiting.push(await sit(await aGuest(url(n), guest), meeting, n))
    await inside.socket.waitFor('lobby.updated', (payload) => namesIn(payload).length === 3)
    const [ann, bea, cleo] = waiting
    if (!ann || !bea || !cleo) throw new Error('three were to wait')
    return { meeting, inside, ann, bea, cleo }
  }

  it('M15 R5 a guest who reloads keeps the place: by the token of the wait, or by asking anew', async () => {
    const { meeting, inside, ann, bea, cleo } = await threeWait()
    expect([ann, bea, cleo].map(({ entered }) => entered['position'])).toEqual([1, 2, 3])
    const before = inside.socket.all.length
    drop(ann)
    const back = await comeBack(url(1), ann, hints[1])
    expect(back).toMatchObject({ type: 'lobby.waiting', payload: { participantId: ann.id, position: 1 } })
    drop(bea)
    const anew = await sit(bea.who, meeting, 0)
    expect(anew.entered).toMatchObject({ participantId: bea.id, position: 2 })
    // The old socket is still open: the new one takes its place.
    const tab = await sit(cleo.who, meeting, 1)
    expect(tab.entered).toMatchObject({ participantId: cleo.id, position: 3 })
    expect((await cleo.socket.waitForClose()).code).toBe(4409)
    expect(await queueOf(url(1), host, meeting)).toEqual(['Ann', 'Bea', 'Cleo'])
    for (const { payload } of inside.socket.all.slice(before).filter(({ type }) => type === 'lobby.updated'))
      expect(namesIn(payload)).toEqual(['Ann', 'Bea', 'Cleo'])
    expect((await inside.socket.ask('lobby.admit', { participantId: bea.id })).type).toBe('ack')
    expect((await anew.socket.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    await tab.socket.waitFor('lobby.waiting', ({ position }) => position === 2)
  })

  it('M15 A8 a guest whose page forgot its tokens is the same one by the cookie, under a new name too', async () => {
    const meeting = await createMeeting(url(0), host, { settings })
    const browser = new GuestBrowser()
    const first = await sit(await browser.come(url(0), 'Gus'), meeting, 0)
    const other = await sit(await aGuest(url(1), 'Other'), meeting, 1)
    drop(first)
    const again = await sit(await browser.come(url(1), 'Gustav'), meeting, 1)
    expect(again.entered).toMatchObject({ participantId: first.id, position: 1 })
    expect(await queueOf(url(0), host, meeting)).toEqual(['Gustav', 'Other'])
    expect(other.entered['position']).toBe(2)
  })

  it('M15 the host who reconnects sees the queue, resumed or entering anew, on any node', async () => {
    const { meeting, inside } = await threeWait()
    drop(inside)
    const resumed = await comeBack(url(1), inside, hints[1])
    expect(resumed.type).toBe('room.resumed')
    expect(namesIn(resumed.payload)).toEqual(['Ann', 'Bea', 'Cleo'])
    expect(resumed.payload['lv']).toBeGreaterThan(0)
    drop(inside)
    const anew = await sit(host, meeting, 0)
    expect(namesIn(anew.entered)).toEqual(['Ann', 'Bea', 'Cleo'])
    expect((await anew.socket.ask('lobby.admitAll')).payload).toEqual({ count: 3 })
  })

  it('S24 a person who waits gets no signal, chat, roster or TURN, and hears nothing of the room', async () => {
    const { meeting, inside, ann } = await threeWait()
    const { token } = ann.who
    const refused: [string, object][] = [
      ['rtc.signal', { to: inside.id, data: { sdp: 'x' } }],
      ['chat.send', { clientMessageId: 'from-the-lobby', text: 'let me in' }],
      ['chat.typing', { typing: true }],
      ['room.sync', { v: 0 }],
      ['reaction.send', { reaction: '👋' }],
      ['hand.raise', {}],
      ['media.update', { mic: true }],
      ['lobby.admit', { participantId: ann.id }],
      ['lobby.admitAll', {}],
      ['moderation.muteAll', { kind: 'mic' }],
      ['meeting.end', {}],
    ]
    for (const [type, payload] of refused)
      expect([type, await ann.socket.outcome(type, payload)]).toEqual([type, 'wrong-state'])
    const path = `${url(1)}/v1/meetings/${meeting.id}`
    const get = async (more: string) => (await rest('GET', `${path}${more}`, { token })).status
    for (const more of ['/messages', '/events', '/participants', '/lobby', '/stats', '/bans', '/tokens', '/invites'])
      expect([more, await get(more)]).toEqual([more, expect.toSatisfy((status) => status === 403 || status === 404)])
    const posted = await rest('POST', `${path}/messages`, { token, body: { clientMessageId: 'by-http-1', text: 'x' } })
    expect([403, 404]).toContain(posted.status)
    expect((await rest('GET', path, { token })).body['participants']).toEqual([])

    // A participant has credentials of the relay, a person in the lobby has none.
    if (name === 'distributed') expect(JSON.stringify(inside.entered['iceServers'])).toMatch(/credential/)
    const ice = await rest('GET', `${url(0)}/v1/ice-servers`, { token })
    for (const text of [JSON.stringify(ice.body), JSON.stringify(ann.entered)])
      expect(text).not.toMatch(/credential|username/)
    expect(ann.entered).not.toHaveProperty('iceServers')

    // Everything that can happen in a room.
    const ben = await anAccount(url(1), 'Ben')
    await inside.socket.ask('chat.send', { clientMessageId: 'secret-1', text: 'between us' })
    expect(await inside.socket.outcome('rtc.signal', { to: ann.id, data: 1 })).toBe('peer-not-found')
    inside.socket.tell('chat.typing', { typing: true })
    for (const [type, payload] of [
      ['reaction.send', { reaction: '🎉' }],
      ['hand.raise', {}],
      ['media.update', { mic: false }],
    ] as const)
      await inside.socket.ask(type, payload)
    const seat = await sit(ben, meeting, 1)
    await inside.socket.ask('lobby.admit', { participantId: seat.id })
    await seat.socket.waitFor('lobby.result')
    await inside.socket.ask('moderation.role', { participantId: seat.id, role: 'cohost' })
    await seat.socket.waitFor('participant.updated', ({ role }) => role === 'cohost')
    await inside.socket.ask('moderation.remove', { participantId: seat.id })
    await seat.socket.waitForClose()
    await ann.socket.ask('ping')
    heardNothing(ann)
  })

  it('M15 switching the waiting room off lets everybody in who waits; on again, only newcomers wait', async () => {
    const { meeting, inside, ann, bea, cleo } = await threeWait()
    const set = (waitingRoom: boolean) =>
      rest('PATCH', `${url(1)}/v1/meetings/${meeting.id}`, { token: host.token, body: { settings: { waitingRoom } } })
    drop(bea)
    expect((await set(false)).status).toBe(200)
    for (const { socket } of [ann, cleo])
      expect((await socket.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    await inside.socket.waitFor('lobby.updated', (payload) => namesIn(payload).length === 0)
    expect((await set(true)).status).toBe(200)
    // A person who was away at that moment was let in too.
    expect((await comeBack(url(0), bea, hints[0])).type).toBe('lobby.waiting')
    expect((await bea.socket.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    expect((await sit(await aGuest(url(0), 'Dora'), meeting, 0)).entered).toHaveProperty('position', 1)
  })

  // Embedded there is nothing to kill but all of it: power-cut.test.ts.
  if (name !== 'distributed') return
  it('M15 R8 the node of the lobby and every meetings process are killed: the queue is there in its order, and admitting works', async () => {
    const { file, present } = product
    if (!file || !present) throw new Error('there is nothing to kill')
    const meeting = await createMeeting(url(0), host, { settings })
    const inside = await takeSeat(url(0), host, meeting, hints[0])
    const waiting: Seated[] = []
    for (const guest of ['Ann', 'Bea', 'Cleo', 'Dora'])
      waiting.push(await takeSeat(url(1), await aGuest(url(1), guest), meeting, hints[0]))
    const victims = [file.signaling[0], ...file.meetings].map((one) => one?.pid ?? 0)
    for (const pid of victims) process.kill(pid, 'SIGKILL')
    await eventually(async () => {
      const now = await present()
      const pids = [...now.signaling, ...now.meetings].map(({ pid }) => pid)
      expect(pids.filter((pid) => victims.includes(pid))).toEqual([])
    }, 40_000)

    // Their sockets stay while meetings comes back in time; else they come back, in another order than they came.
    for (const seated of waiting.toReversed()) {
      const places = () => seated.socket.all.filter(({ type }) => type === 'lobby.waiting')
      await eventually(() => expect(seated.socket.closed !== null || places().length > 1).toBe(true), 40_000)
      const again = seated.socket.closed === null ? places().at(-1) : await comeBack(url(1), seated)
      expect(again?.payload['participantId']).toBe(seated.id)
    }
    expect(inside.socket.closed).toBeNull()
    const back = await sit(host, meeting, 1)
    expect(namesIn(back.entered)).toEqual(['Ann', 'Bea', 'Cleo', 'Dora'])
    const [ann, bea, ...others] = waiting
    expect((await back.socket.ask('lobby.admit', { participantId: bea?.id })).type).toBe('ack')
    expect((await bea?.socket.waitFor('lobby.result'))?.payload).toMatchObject({ admitted: true })
    expect(await queueOf(url(0), host, meeting)).toEqual(['Ann', 'Cleo', 'Dora'])
    expect((await back.socket.ask('lobby.admitAll')).payload).toEqual({ count: 3 })
    for (const seated of [ann, ...others])
      await seated?.socket.waitFor('lobby.result', ({ admitted }) => admitted === true)
  }, 120_000)
})
