import { setTimeout as sleep } from 'node:timers/promises'
import { signalingBus } from '@parley/contracts'
import { newId } from '@parley/kit'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting } from '../testing/harness.ts'
import { startLinkedNodes, type TestServers } from '../testing/linked-nodes.ts'
import { worlds } from '../testing/worlds.ts'

describe.each(Object.entries(worlds))('why somebody is not in the room any more, %s', (_name, startWorld) => {
  let world: TestServers
  let product: Awaited<ReturnType<typeof startLinkedNodes>>
  beforeAll(async () => {
    world = await startWorld()
    product = await startLinkedNodes(world)
  })
  afterAll(() => product.stop())

  const hostAndGuests = async (count: number) => {
    const meeting = aMeeting()
    const host = await product.join(0, meeting, 'Host', 'host')
    const guests = await Promise.all(Array.from({ length: count }, (_, n) => product.join(1, meeting, `g${n}`)))
    await eventually(() => expect(host.client.of('participant.joined')).toHaveLength(count))
    return { meeting, host, guests }
  }
  const carryOutOn = async (node: number, meetingId: string, command: Parameters<typeof product.number>[1]) =>
    void (await product
      .busOf(node)
      .ask(signalingBus.command.subject, JSON.stringify({ meetingId, command: product.number(meetingId, command) })))
  const told = ({ client }: Awaited<ReturnType<typeof product.join>>) =>
    client.received.map(({ type }) => type).filter((type) => type === 'room.ended' || type === 'room.kicked')

  it('C6 everybody is told that the meeting has ended, also those who act on another node at that moment', async () => {
    for (let round = 0; round < 6; round++) {
      const { host, guests } = await hostAndGuests(4)
      let mic = false
      const acting = setInterval(() => {
        mic = !mic
        for (const { client } of guests) if (client.closed === null) client.tell('media.update', { mic })
      }, 3)
      await sleep(20 + round * 5)
      host.client.tell('meeting.end', {}, 'end')
      const codes = await Promise.all([host, ...guests].map(({ client }) => client.waitForClose()))
      clearInterval(acting)
      expect(codes).toEqual([4410, 4410, 4410, 4410, 4410])
      for (const person of [host, ...guests]) expect(told(person)).toEqual(['room.ended'])
    }
  })

  it('C6 a node that did not hear of the end tells its people that, when it reads it', async () => {
    const { meeting, guests } = await hostAndGuests(2)
    product.busOf(1).deafen()
    await carryOutOn(0, meeting.id, { kind: 'end', reason: 'host' })
    await sleep(100)
    product.busOf(1).listen()
    guests[0]?.client.tell('media.update', { mic: false })
    expect(await Promise.all(guests.map(({ client }) => client.waitForClose()))).toEqual([4410, 4410])
    for (const guest of guests) expect(told(guest)).toEqual(['room.ended'])
  })

  it('C6 a node that missed a removal tells the removed participant, and nobody else', async () => {
    const { meeting, host, guests } = await hostAndGuests(2)
    const [removed, other] = guests
    if (!removed || !other) throw new Error('two came')
    product.busOf(1).deafen()
    await carryOutOn(0, meeting.id, { kind: 'remove', userId: removed.userId, reason: 'removed' })
    await sleep(100)
    product.busOf(1).listen()
    expect((await other.client.ask('media.update', { mic: false })).type).toBe('ack')
    expect(await removed.client.waitForClose()).toBe(4403)
    expect(told(removed)).toEqual(['room.kicked'])
    expect([other.client.closed, host.client.closed]).toEqual([null, null])
    for (const { client } of [host, other]) client.close()
  })

  it('C6b a participant whose reason for leaving is lost is told to join again, not that they were removed', async () => {
    const { meeting, host, guests } = await hostAndGuests(2)
    const [forgotten, other] = guests
    if (!forgotten || !other) throw new Error('two came')
    const doc = await world.kv.docs.read(meeting.id)
    if (!doc) throw new Error('the room is in the store')
    const commit = { commitId: newId(), follows: doc.head, epoch: doc.head.epoch, facts: [], ttlMs: 60_000 }
    await world.kv.docs.commit(meeting.id, { ...commit, steps: [{ [`p:${forgotten.id}`]: null }] })
    expect((await other.client.ask('media.update', { mic: false })).type).toBe('ack')
    expect(await forgotten.client.waitForClose()).toBe(1012)
    expect(told(forgotten)).toEqual([])
    for (const { client } of [host, other]) client.close()
  })

  it('C6b a person who leaves, and whose commit gets no answer, is not told to have been removed', async () => {
    const { host, guests } = await hostAndGuests(1)
    const [guest] = guests
    if (!guest) throw new Error('one came')
    product.storeOf(1).letCommits('unanswered')
    expect(await guest.client.ask('room.leave')).toMatchObject({ payload: { code: 'unavailable' } })
    product.storeOf(1).letCommits('answered')
    await host.client.waitFor('room.delta', ({ left }) => (left as string[]).includes(guest.id))
    expect([1000, 1012]).toContain(await guest.client.waitForClose())
    expect(told(guest)).toEqual([])
    host.client.close()
  })
})
