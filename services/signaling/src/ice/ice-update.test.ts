import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { eventually, steppingClock } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const env = {
  ICE_SERVER_URLS: 'stun:stun.example.org:3478',
  TURN_URLS: 'turn:turn.example.org:3478',
  TURN_SECRET: 'a-secret-of-the-turn-server',
  TURN_TTL_SECONDS: '60',
}
const clock = steppingClock()
const world = {
  bus: createMemoryBus({ log }),
  kv: createMemoryKv({ log }),
  clockOf: () => clock,
  env,
}
let product: Awaited<ReturnType<typeof startNodes>>

beforeAll(async () => {
  product = await startNodes(1, world)
})
afterAll(async () => {
  await product.stop()
  await world.bus.close(1_000)
  await world.kv.close()
})

const credentialsIn = (servers: unknown) => (servers as { username?: string }[]).filter(({ username }) => username)

it('R11 TURN credentials come with the join, and again before they run out', async () => {
  const { client, joined } = await product.join(0, aMeeting(), 'Ada')
  const [first] = credentialsIn(joined['iceServers'])
  expect(first).toMatchObject({ urls: ['turn:turn.example.org:3478'] })
  clock.advance(49_000)
  const { payload } = await client.waitFor('ice.update')
  const [second] = credentialsIn(payload['iceServers'])
  expect(Number.parseInt(second?.username ?? '', 10)).toBeGreaterThan(Number.parseInt(first?.username ?? '', 10) + 40)
  // Time that jumps looks like a standstill: the room is read again, and goes on.
  expect(await client.ask('hand.raise')).toMatchObject({ type: 'ack' })
})

it('R11 S24 X35x REST gives TURN credentials to participants of a room only, accounts or guests', async () => {
  const askedBy = async (token: string) => {
    const url = `${product.nodes[0]?.url}/v1/ice-servers`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { iceServers: unknown }).iceServers
  }
  const { issuer } = product
  const stun = [{ urls: ['stun:stun.example.org:3478'] }]
  expect(await askedBy(issuer.token({ typ: 'guest' }))).toEqual(stun)
  expect(await askedBy(issuer.token())).toEqual(stun)
  const waits = product.grant(aMeeting(), 'Gus', 'guest', 'wait')
  const client = await product.connect(0, waits.token)
  const waiting = await client.ask('room.join', { roomToken: waits.roomToken, device: { mic: true, cam: true } })
  expect(JSON.stringify(waiting)).not.toContain('turn:')
  expect(await askedBy(waits.token)).toEqual(stun)
  for (const leave of ['by message', 'by closing', 'by removal'] as const) {
    const meeting = aMeeting()
    const inside = await product.join(0, meeting, 'Ida')
    await eventually(async () => expect(credentialsIn(await askedBy(inside.token))).toHaveLength(1))
    if (leave === 'by message') await inside.client.ask('room.leave')
    else if (leave === 'by closing') inside.client.close()
    else await product.tellRoom(meeting.id, { kind: 'remove', userId: inside.userId, reason: 'removed' })
    await eventually(async () => expect(await askedBy(inside.token), leave).toEqual(stun))
  }
})
