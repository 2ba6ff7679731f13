import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'
import type { WireClient } from '../testing/wire-client.ts'
import { worlds } from '../testing/worlds.ts'

const device = { mic: true, cam: true }

describe.each(Object.entries(worlds))('the lobby on two nodes, %s', (_name, startWorld) => {
  let world: Awaited<ReturnType<typeof startWorld>>
  let product: Awaited<ReturnType<typeof startNodes>>

  beforeAll(async () => {
    world = await startWorld()
    product = await startNodes(2, world)
  })
  afterAll(async () => {
    await product.stop()
    await world.bus.close(1_000)
    await world.kv.close()
    await world.stop()
  })

  /** A guest who waits on `node`, in a meeting that nobody has entered. */
  async function waitOn(node: number, meeting = aMeeting()) {
    const { roomToken, token, userId } = product.grant(meeting, 'Gus', 'guest', 'wait')
    const client = await product.connect(node, token)
    const { type, payload } = await client.ask('room.join', { roomToken, device })
    if (type !== 'lobby.waiting') throw new Error(JSON.stringify(payload))
    return { meeting, token, userId, client, participantId: String(payload['participantId']), place: payload }
  }
  async function resumeOn(node: number, { token, place }: { token: string; place: Record<string, unknown> }) {
    const client = await product.connect(node, token)
    const { sessionId, resumeToken } = place
    return { client, answer: await client.ask('room.resume', { sessionId, resumeToken, v: 0 }) }
  }
  const titles = (client: WireClient) =>
    client.of('meeting.updated').map(({ payload }) => (payload['meeting'] as { title: string }).title)

  it.each([
    ['the same node', 0],
    ['another node', 1],
  ])(
    'M15 R5 a person who comes back on %s before the old socket is gone keeps the place; the old one is closed',
    async (_, to) => {
      const waiting = await waitOn(0)
      const host = await product.join(0, waiting.meeting, 'Host', 'host')
      const { client, answer } = await resumeOn(to, waiting)
      expect(answer).toMatchObject({ type: 'lobby.waiting', payload: { participantId: waiting.participantId } })
      expect(await waiting.client.waitForClose()).toBe(4409)
      expect((await host.client.ask('lobby.admit', { participantId: waiting.participantId })).type).toBe('ack')
      expect((await client.waitFor('lobby.result')).payload).toMatchObject({ admitted: true })
    },
  )

  it('R1 R5 a room token whose answer was lost on the way from meetings still lets in, once', async () => {
    const { roomToken, token } = product.grant(aMeeting(), 'Gus', 'guest', 'wait')
    product.loseAnswer(roomToken)
    const client = await product.connect(0, token)
    expect((await client.ask('room.join', { roomToken, device })).type).toBe('lobby.waiting')
    const other = await product.connect(1, token)
    expect((await other.ask('room.join', { roomToken, device })).payload).toMatchObject({ code: 'room-token-invalid' })
  })

  it('R5 a resume whose answer was lost may be sent again with the same token', async () => {
    const waiting = await waitOn(0)
    const first = await resumeOn(1, waiting)
    first.client.drop()
    expect((await resumeOn(0, waiting)).answer.type).toBe('lobby.waiting')
  })

  it('M6 R6 a change reaches those who wait though nobody has entered the room, once each', async () => {
    const here = await waitOn(0)
    const there = await waitOn(1, here.meeting)
    product.changeLobby(here.meeting.id, { meeting: { ...here.meeting, title: 'Later', version: 2 } })
    for (const { client } of [here, there]) await client.waitFor('meeting.updated')
    product.changeLobby(here.meeting.id, { meeting: { ...here.meeting, title: 'Later still', version: 3 } })
    for (const { client } of [here, there]) {
      await client.waitFor('meeting.updated', ({ meeting }) => (meeting as { version: number }).version === 3)
      expect(titles(client)).toEqual(['Later', 'Later still'])
    }
  })

  it('M6 R6 a user in the lobby whose socket was lost during a change gets it after the resume', async () => {
    const waiting = await waitOn(0)
    waiting.client.drop()
    product.changeLobby(waiting.meeting.id, { meeting: { ...waiting.meeting, title: 'Later', version: 2 } })
    const { client } = await resumeOn(1, waiting)
    await client.waitFor('meeting.updated')
    expect(client.received.map(({ type }) => type).filter((type) => type !== 'ping')).toEqual([
      'lobby.waiting',
      'meeting.updated',
    ])
    expect(titles(client)).toEqual(['Later'])
  })

  it('M7 R6 the end reaches those who wait though nobody has entered the room: told, then 4410', async () => {
    const waiting = await waitOn(0)
    product.changeLobby(waiting.meeting.id, { ended: 'host' })
    expect(await waiting.client.waitForClose()).toBe(4410)
    expect(waiting.client.of('room.ended').map(({ payload }) => payload)).toEqual([{ reason: 'host' }])
  })

  it('M10 a person who was removed while away cannot go on waiting', async () => {
    const waiting = await waitOn(0)
    waiting.client.drop()
    product.decide({ participantId: waiting.participantId, admitted: false, reason: 'removed' })
    for (const node of [1, 0])
      expect((await resumeOn(node, waiting)).answer.payload).toMatchObject({ code: 'resume-failed', next: 'rejoin' })
  })
})
