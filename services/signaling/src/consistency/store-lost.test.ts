import { setTimeout as sleep } from 'node:timers/promises'
import { signalingBus } from '@parley/contracts'
import { request } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepFacts } from '../testing/facts.ts'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes, type TestServers } from '../testing/linked-nodes.ts'
import { worlds } from '../testing/worlds.ts'

const { command, roster } = signalingBus

describe.each(Object.entries(worlds))('a store that comes back empty, %s', (_name, startWorld) => {
  let world: TestServers
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  let facts: ReturnType<typeof keepFacts>
  beforeAll(async () => {
    world = await startWorld()
    // Node 1 gets every request about a room; the people are on node 0.
    product = await startLinkedNodes(world, { silentOn: [[command.subject, roster.subject]] })
    facts = keepFacts(world.kv)
  })
  afterAll(async () => {
    await facts.stop()
    await product.stop()
  })

  const hostAndGuest = async () => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const guest = await product.join(0, meeting, 'Gus')
    await host.client.waitFor('participant.joined')
    return { meeting, host, guest }
  }

  it.each([0, 1_500])(
    'C1 bans and ends that a node without the room carries out hold, %i ms later',
    async (afterMs) => {
      const rooms = await Promise.all(Array.from({ length: 6 }, hostAndGuest))
      await world.forget()
      await sleep(afterMs)
      await Promise.all(
        rooms.map(({ meeting, guest }, index) =>
          index % 2 === 0
            ? product.tellRoom(meeting.id, { kind: 'remove', userId: guest.userId, reason: 'banned' })
            : product.tellRoom(meeting.id, { kind: 'end', reason: 'host' }),
        ),
      )
      for (const [index, { guest, host }] of rooms.entries()) {
        expect(await guest.client.waitForClose()).toBe(index % 2 === 0 ? 4403 : 4410)
        if (index % 2 === 1) expect(await host.client.waitForClose()).toBe(4410)
        else expect((await host.client.ask('hand.raise')).type).toBe('ack')
        host.client.close()
      }
    },
  )

  it('C2 a participant who enters by a node without the room finds everybody there, and nobody is removed', async () => {
    const { meeting, host, guest } = await hostAndGuest()
    await world.forget()
    const late = await product.join(1, meeting, 'Late')
    expect((late.joined['peers'] as { id: string }[]).map(({ id }) => id).toSorted()).toEqual(
      [host.id, guest.id].toSorted(),
    )
    await host.client.waitFor('participant.joined', ({ participant }) => (participant as { id: string }).id === late.id)
    await sleep(1_500)
    expect([host.client.closed, guest.client.closed, late.client.closed]).toEqual([null, null, null])
    for (const { client } of [host, guest, late]) client.close()
  })

  it('C17 versions and the order of hands go on after a loss', async () => {
    const { host, guest } = await hostAndGuest()
    for (let n = 0; n < 12; n++) await host.client.ask('media.update', { mic: n % 2 === 0 })
    await guest.client.ask('hand.raise')
    const before = await host.client.waitFor('hand.changed')
    await world.forget()
    await host.client.ask('hand.raise')
    const after = await guest.client.waitFor('hand.changed', ({ participantId }) => participantId === host.id)
    expect(after.payload).toMatchObject({ position: 2 })
    expect(Number(after.payload['v'])).toBeGreaterThan(Number(before.payload['v']))
    expect(Number(after.payload['hand'])).toBeGreaterThan(Number(before.payload['hand']))
    for (const { client } of [host, guest]) client.close()
  })

  it('C1 a room that several nodes have is restored once, and meetings gets its roster', async () => {
    const meeting = aMeeting()
    const participants = [await product.join(0, meeting, 'Host', 'host'), await product.join(1, meeting, 'Ben')]
    await world.forget()
    await eventually(() => expect(facts.of(meeting.id, 'restored')).not.toHaveLength(0))
    await sleep(3_000)
    expect(facts.of(meeting.id, 'restored')).toMatchObject([
      { people: expect.arrayContaining(participants.map(({ id }) => expect.objectContaining({ participantId: id }))) },
    ])
    for (const { client } of participants) client.close()
  })

  it('C1 the last change of a node survives when a node that missed it acts first', async () => {
    const meeting = aMeeting()
    const ada = await product.join(0, meeting, 'Ada')
    const ben = await product.join(1, meeting, 'Ben')
    await ada.client.waitFor('participant.joined')
    product.busOf(0).deafen()
    expect((await ben.client.ask('hand.raise')).type).toBe('ack')
    await world.forget()
    expect((await ada.client.ask('media.update', { mic: false })).type).toBe('ack')
    product.busOf(0).listen()
    const late = await product.join(1, meeting, 'Late')
    expect(late.joined['peers']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: ada.id, mic: false }),
        expect.objectContaining({ id: ben.id, hand: expect.any(Number) }),
      ]),
    )
    for (const { client } of [ada, ben, late]) client.close()
  })

  it('C8 C1 the roster of a room that only another node has is never taken for empty', async () => {
    const { meeting, host, guest } = await hostAndGuest()
    await world.forget()
    const { people } = await request(world.bus, roster, { meetingId: meeting.id }).catch(async () => {
      await sleep(2_500)
      return request(world.bus, roster, { meetingId: meeting.id })
    })
    expect(people.map(({ participantId }) => participantId).toSorted()).toEqual([host.id, guest.id].toSorted())
    for (const { client } of [host, guest]) client.close()
  })

  it('C8 the roster of a room that nobody has is empty once all nodes have had the time to put theirs back', async () => {
    const meeting = aMeeting()
    await world.forget()
    await eventually(async () => {
      const { people } = await request(world.bus, roster, { meetingId: meeting.id })
      expect(people).toEqual([])
    }, 5_000)
  })

  it('C1 an expired document is not restored, and participants with a socket are sent back to meetings', async () => {
    const { meeting, host, guest } = await hostAndGuest()
    const doc = await world.kv.docs.read(meeting.id)
    if (doc === null) throw new Error('the room is not in the store')
    expect(await world.kv.docs.remove(meeting.id, doc.head, [])).toBe(true)
    host.client.tell('hand.raise', {}, 'r')
    expect(await Promise.all([host.client.waitForClose(), guest.client.waitForClose()])).toEqual([1012, 1012])
    expect(await world.kv.docs.read(meeting.id)).toBeNull()
  })
})
