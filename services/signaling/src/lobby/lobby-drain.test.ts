import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'
import type { WireClient } from '../testing/wire-client.ts'
import { worlds } from '../testing/worlds.ts'

const device = { mic: true, cam: true }
type Product = Awaited<ReturnType<typeof startNodes>>

describe.each(Object.entries(worlds))('the lobby of a node that is told to stop, %s', (_name, startWorld) => {
  let world: Awaited<ReturnType<typeof startWorld>>
  beforeEach(async () => {
    world = await startWorld()
  })
  afterEach(async () => {
    await world.bus.close(1_000)
    await world.kv.close()
    await world.stop()
  })

  async function waitOn(product: Product, node: number, meeting: ReturnType<typeof aMeeting>, name: string) {
    const { roomToken, token } = product.grant(meeting, name, 'guest', 'wait')
    const client = await product.connect(node, token)
    const { type, payload } = await client.ask('room.join', { roomToken, device })
    if (type !== 'lobby.waiting') throw new Error(JSON.stringify(payload))
    return { client, id: String(payload['participantId']) }
  }
  const namesIn = ({ payload }: { payload: Record<string, unknown> }) =>
    (payload['lobby'] as { name: string }[]).map(({ name }) => name)
  const kindsOf = (client: WireClient) => client.received.map(({ type }) => type).filter((type) => type !== 'ping')

  /** Two wait on node 0; the host is on node 1. Node 0 is told to stop. */
  async function drained() {
    const product = await startNodes(2, { ...world, env: { DRAIN_MS: '15000' } })
    const meeting = aMeeting()
    const host = await product.join(1, meeting, 'Host', 'host')
    const ann = await waitOn(product, 0, meeting, 'Ann')
    const bea = await waitOn(product, 0, meeting, 'Bea')
    product.changeLobby(meeting.id, {})
    await host.client.waitFor('lobby.updated', (payload) => namesIn({ payload }).length === 2)
    const seen = host.client.received.length
    let stopped = false
    const stopping = product.nodes[0]?.stop().then(() => (stopped = true))
    for (const { client } of [ann, bea]) await expect.poll(() => client.draining).toBe(true)
    return { product, host, ann, bea, seen, stopping, hasStopped: () => stopped }
  }

  it('R9 promise 4: users in the lobby move to another node, and nobody notices', async () => {
    const { product, host, ann, bea, seen, stopping, hasStopped } = await drained()
    // In another order than they came.
    for (const { client } of [bea, ann]) await client.open(product.at(1))
    await stopping
    expect(hasStopped()).toBe(true)
    for (const { client } of [ann, bea]) {
      expect(client.closed).toBe(null)
      expect(kindsOf(client)).not.toContain('lobby.result')
    }
    expect(ann.client.of('lobby.waiting').at(-1)?.payload).toMatchObject({ participantId: ann.id, position: 1 })
    expect(bea.client.of('lobby.waiting').at(-1)?.payload).toMatchObject({ participantId: bea.id, position: 2 })
    await host.client.ask('lobby.admit', { participantId: bea.id })
    expect((await bea.client.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    await host.client.waitFor('lobby.updated', (payload) => namesIn({ payload }).join() === 'Ann')
    const updates = host.client.received.slice(seen).filter(({ type }) => type === 'lobby.updated')
    expect(new Set(updates.map((update) => namesIn(update).join()))).toEqual(new Set(['Ann']))
    expect(kindsOf(ann.client)).not.toContain('lobby.result')
    for (const { client } of [host, ann, bea]) client.drop()
    await product.stop()
  })

  it('R9 M15 those who are let in are in, once: before they are carried on, or after', async () => {
    const { product, host, ann, bea } = await drained()
    await host.client.ask('lobby.admit', { participantId: ann.id })
    expect((await ann.client.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    // The seat is taken: that is carried on.
    await ann.client.open(product.at(1))
    await bea.client.open(product.at(1))
    await host.client.ask('lobby.admit', { participantId: bea.id })
    for (const { client } of [ann, bea]) {
      await client.waitFor('lobby.result')
      expect((await client.ask('hand.raise')).type).toBe('ack')
      expect(client.of('lobby.result')).toMatchObject([{ payload: { admitted: true } }])
      expect(client.closed).toBe(null)
    }
    // One by one. Or in the difference, where the host's node read the room before it heard of them.
    const joins = () => [
      ...host.client.of('participant.joined').map(({ payload }) => (payload['participant'] as { id: string }).id),
      ...host.client
        .of('room.delta')
        .flatMap(({ payload }) => (payload['upserts'] as { id: string }[]).map(({ id }) => id)),
    ]
    await expect.poll(joins).toEqual(expect.arrayContaining([ann.id, bea.id]))
    expect(host.client.of('participant.left')).toEqual([])
    for (const { client } of [host, ann, bea]) client.drop()
    await product.stop()
  })

  it('R9 M15 a person who is let in by a node that goes before its answer is told so by the next, and is in once', async () => {
    const product = await startNodes(2, world)
    const meeting = aMeeting()
    const host = await product.join(1, meeting, 'Host', 'host')
    const ann = await waitOn(product, 0, meeting, 'Ann')
    // From now on nothing that node 0 says gets to her.
    ann.client.pause()
    await host.client.ask('lobby.admit', { participantId: ann.id })
    await host.client.waitFor('participant.joined')
    expect(kindsOf(ann.client)).not.toContain('lobby.result')
    await ann.client.open(product.at(1))
    expect((await ann.client.waitFor('lobby.result')).payload).toMatchObject({
      admitted: true,
      selfParticipant: { id: ann.id },
    })
    expect((await ann.client.ask('hand.raise')).type).toBe('ack')
    // The session that came of it is carried on like any other.
    await ann.client.open(product.at(0))
    expect((await ann.client.ask('hand.lower')).type).toBe('ack')
    expect([ann.client.of('lobby.result').length, ann.client.closed]).toEqual([1, null])
    expect(host.client.of('participant.joined').length).toBe(1)
    expect(host.client.of('participant.left')).toEqual([])
    for (const { client } of [host, ann]) client.drop()
    await product.stop()
  })
})
