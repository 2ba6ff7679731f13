import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SenderBytes } from './node/sender-bytes.ts'
import type { LocalSession } from './session/local-session.ts'
import { aMeeting, startNodes } from './testing/harness.ts'
import type { WireClient } from './testing/wire-client.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const large = 'x'.repeat(60_000)

describe('the sender pays, not the receiver', () => {
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => void (product = await startNodes(2, { bus: createMemoryBus(), kv: createMemoryKv({ log }) })))
  afterAll(() => product.stop())

  const refusals = (client: WireClient) =>
    client.of('error').filter(({ payload }) => payload['code'] === 'rate-limited')

  it.each([0, 1])(
    'X3 one who sends large signals is refused with a time, and the receiver (node %i), who reads slowly, stays',
    async (node) => {
      const meeting = aMeeting()
      const victim = await product.join(node, meeting, 'Vera')
      const attacker = await product.join(0, meeting, 'Att')
      const honest = await product.join(0, meeting, 'Hon')
      victim.client.pause()
      // 11 MB: more than the kernel takes for a socket, and the node keeps 1 MiB.
      for (let n = 0; n < 180; n += 1) attacker.client.tell('rtc.signal', { to: victim.id, data: large }, `s${n}`)
      await eventually(() => expect(refusals(attacker.client).length).toBeGreaterThan(100), 15_000)
      const { retryAfterMs } = refusals(attacker.client).at(-1)?.payload ?? {}
      expect(retryAfterMs).toBeGreaterThan(0)
      expect(await honest.client.ask('rtc.signal', { to: victim.id, data: 'hello' })).toMatchObject({ type: 'ack' })
      victim.client.resume()
      await victim.client.waitFor('rtc.signal', ({ from }) => from === honest.id)
      expect(victim.client.closed).toBe(null)
      expect(await victim.client.ask('room.sync', { v: 0 })).toMatchObject({ type: 'room.delta' })
      for (const { client } of [victim, attacker, honest]) client.drop()
    },
    40_000,
  )

  it('X3 a person has one share, over however many places and sockets; another has their own', () => {
    const bytes = new SenderBytes()
    let taken = 0
    while (bytes.take('ann', 60_000, 0) === 0) taken += 1
    expect(taken).toBe(8)
    expect(bytes.take('ann', 60_000, 100)).toBeGreaterThan(0)
    expect(bytes.take('ben', 60_000, 100)).toBe(0)
    const wait = bytes.take('ann', 60_000, 200)
    expect(bytes.take('ann', 60_000, 200 + wait)).toBe(0)
  })

  it('X3 each sender has a small share of a slow receiver’s queue; a fast receiver has no such limit', () => {
    const bytes = new SenderBytes()
    const slow = { keepsUp: false } as LocalSession
    const passed = Array.from({ length: 20 }, () => bytes.reaches(slow, 'attacker', 4_096, 0)).filter(Boolean)
    expect(passed).toHaveLength(8)
    expect(bytes.reaches(slow, 'honest', 2_000, 0)).toBe(true)
    expect(bytes.reaches(slow, 'attacker', 4_096, 500)).toBe(true)
    const quick = { keepsUp: true } as LocalSession
    expect(Array.from({ length: 20 }, () => bytes.reaches(quick, 'attacker', 60_000, 0)).every(Boolean)).toBe(true)
  })
})

describe('the lobby is told in changes, once a second', () => {
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => void (product = await startNodes(1, { bus: createMemoryBus(), kv: createMemoryKv({ log }) })))
  afterAll(() => product.stop())

  it('X1c R5 a host who takes changes gets O(n) bytes for n who come, one who does not gets the list once a second', async () => {
    const meeting = aMeeting()
    const enter = async (name: string, role: 'host' | 'cohost', features?: string[]) => {
      const { roomToken, token } = product.grant(meeting, name, role)
      const client = await product.connect(0, token)
      const device = { mic: false, cam: false }
      expect((await client.ask('room.join', { roomToken, device, ...(features && { features }) })).type).toBe(
        'room.joined',
      )
      return client
    }
    const host = await enter('Host', 'host', ['lobby.delta', 'something-new'])
    const cohost = await enter('Co', 'cohost')
    const guests: WireClient[] = []
    const started = performance.now()
    for (let n = 0; n < 60; n += 1) {
      const { roomToken, token } = product.grant(meeting, `Guest ${n}`, 'guest', 'wait')
      const guest = await product.connect(0, token)
      await guest.ask('room.join', { roomToken, device: { mic: false, cam: false } })
      product.changeLobby(meeting.id, {})
      guests.push(guest)
      await sleep(20)
    }
    type List = { participantId: string; name: string }[]
    const lists = (): List[] => cohost.of('lobby.updated').map(({ payload }) => payload['lobby'] as List)
    await eventually(() => expect(lists().at(-1)).toHaveLength(60), 15_000)
    const seconds = (performance.now() - started) / 1_000
    expect(lists().length).toBeLessThanOrEqual(Math.ceil(seconds) + 2)
    /** As a client puts it together. */
    const known = new Map<string, string>()
    const seen = () => {
      known.clear()
      for (const { type, payload } of host.received) {
        if (type === 'lobby.updated') known.clear()
        if (type !== 'lobby.updated' && type !== 'lobby.changed') continue
        for (const id of (payload['left'] as string[] | undefined) ?? []) known.delete(id)
        const entries = (payload['lobby'] ?? payload['upserts']) as List
        for (const { participantId, name } of entries) known.set(participantId, name)
      }
      return [...known.values()]
    }
    await eventually(
      () =>
        expect(seen()).toEqual(
          lists()
            .at(-1)
            ?.map(({ name }) => name),
        ),
      15_000,
    )
    // Each of the sixty is told of once; the others hear of all of them each second.
    const told = (client: WireClient) =>
      client.received
        .filter(({ type }) => type.startsWith('lobby.'))
        .map(({ payload }) => (payload['lobby'] ?? payload['upserts'] ?? []) as List)
        .reduce((sum, list) => sum + list.length, 0)
    expect(told(host)).toBe(60)
    expect(told(cohost)).toBeGreaterThan(60)
    const before = host.received.length
    const [first] = lists().at(-1) ?? []
    await host.ask('lobby.reject', { participantId: first?.participantId ?? newId() })
    await eventually(() => {
      const changes = host.received.slice(before).filter(({ type }) => type === 'lobby.changed')
      expect(changes.at(-1)?.payload).toMatchObject({ left: [first?.participantId], upserts: [] })
    }, 15_000)
    for (const client of [host, cohost, ...guests]) client.drop()
  }, 60_000)
})
