import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { steppingClock } from '@parley/kit/testing'
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

it('R11 S24 a guest gets TURN credentials in the room only, an account by REST too', async () => {
  const askedBy = async (token: string) => {
    const url = `${product.nodes[0]?.url}/v1/ice-servers`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { iceServers: unknown }).iceServers
  }
  const { issuer } = product
  expect(await askedBy(issuer.token({ typ: 'guest' }))).toEqual([{ urls: ['stun:stun.example.org:3478'] }])
  expect(credentialsIn(await askedBy(issuer.token()))).toHaveLength(1)
  const guest = product.grant(aMeeting(), 'Gus', 'guest', 'wait')
  const client = await product.connect(0, guest.token)
  const waiting = await client.ask('room.join', { roomToken: guest.roomToken, device: { mic: true, cam: true } })
  expect(JSON.stringify(waiting)).not.toContain('turn:')
})
