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
    return { token, client, id: String(payload['participantId']), place: payload }
  }
  async function resumeOn(product: Product, node: number, { token, place }: Awaited<ReturnType<typeof waitOn>>) {
    const client = await product.connect(node, token)
    const { sessionId, resumeToken } = place
    return { client, answer: await client.ask('room.resume', { sessionId, resumeToken, v: 0 }) }
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
    for (const { client } of [ann, bea]) await client.waitFor('server.draining')
    return { product, host, ann, bea, seen, stopping, hasStopped: () => stopped }
  }

  it('R9 promise 4: who waits is told, and goes on elsewhere before the old socket goes; nobody sees it', async () => {
    const { product, host, ann, bea, seen, stopping, hasStopped } = await drained()
    // In another order than they came.
    const b = await resumeOn(product, 1, bea)
    const a = await resumeOn(product, 1, ann)
    expect(
      [a.answer, b.answer].map(({ type, payload }) => [type, payload['participantId'], payload['position']]),
    ).toEqual([
      ['lobby.waiting', ann.id, 1],
      ['lobby.waiting', bea.id, 2],
    ])
    for (const { client } of [ann, bea]) {
      expect(await client.waitForClose()).toBe(4409)
      expect(kindsOf(client)).toEqual(expect.arrayContaining(['lobby.waiting', 'server.draining']))
      expect(kindsOf(client)).not.toContain('lobby.result')
    }
    await stopping
    expect(hasStopped()).toBe(true)
    await host.client.ask('lobby.admit', { participantId: bea.id })
    expect((await b.client.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    await host.client.waitFor('lobby.updated', (payload) => namesIn({ payload }).join() === 'Ann')
    const updates = host.client.received.slice(seen).filter(({ type }) => type === 'lobby.updated')
    expect(new Set(updates.map((update) => namesIn(update).join()))).toEqual(new Set(['Ann']))
    expect(kindsOf(a.client)).not.toContain('lobby.result')
    for (const { client } of [host, a, b]) client.drop()
    await product.stop()
  })

  it('R9 M15 a person who is let in meanwhile is in, once: on the old socket, or on the new one', async () => {
    const { product, host, ann, bea } = await drained()
    await host.client.ask('lobby.admit', { participantId: ann.id })
    expect((await ann.client.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    // The seat is taken: the wait is over, and the old socket has it.
    const late = await resumeOn(product, 1, ann)
    expect(late.answer.payload).toMatchObject({ code: 'resume-failed', next: 'rejoin' })
    expect(ann.client.closed).toBe(null)
    const { sessionId, resumeToken, v } = (await ann.client.waitFor('lobby.result')).payload
    const moved = await product.connect(1, ann.token)
    expect((await moved.ask('room.resume', { sessionId, resumeToken, v })).type).toBe('room.resumed')
    expect(await ann.client.waitForClose()).toBe(4409)

    const admitting = host.client.ask('lobby.admit', { participantId: bea.id })
    const { client } = await resumeOn(product, 1, bea)
    await admitting
    const heard = () => [bea.client, client].flatMap((one) => one.of('lobby.result').map(({ payload }) => payload))
    await expect.poll(() => heard().length, { timeout: 8_000 }).toBe(1)
    expect(heard()).toMatchObject([{ admitted: true }])
    // One by one, or in the difference if the host's node read the room before it heard of it.
    const joins = () => [
      ...host.client.of('participant.joined').map(({ payload }) => (payload['participant'] as { id: string }).id),
      ...host.client
        .of('room.delta')
        .flatMap(({ payload }) => (payload['upserts'] as { id: string }[]).map(({ id }) => id)),
    ]
    await expect.poll(joins).toEqual([ann.id, bea.id])
    expect(host.client.of('participant.left')).toEqual([])
    for (const one of [host.client, late.client, moved, bea.client, client]) one.drop()
    await product.stop()
  })
})
