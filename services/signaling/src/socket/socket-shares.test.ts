import { createLogger, createMemoryBus, createMemoryKv, newId } from '@parley/kit'
import { eventually, steppingClock } from '@parley/kit/testing'
import { wire } from '@parley/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aMeeting, startNodes } from '../testing/harness.ts'
import type { WireClient } from '../testing/wire-client.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const clock = steppingClock()
const world = {
  bus: createMemoryBus({ log }),
  kv: createMemoryKv({ log }),
  clockOf: () => clock,
  env: { MAX_SOCKETS_PER_PERSON: '3' },
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

const rooms = async (): Promise<number> => {
  const text = await (await fetch(`${product.nodes[0]?.url}/metrics`)).text()
  return Number(/^parley_signaling_rooms_loaded(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1])
}

it('X5 one person has a share of the sockets, opened with a token or signed in by message; closing one makes room', async () => {
  const token = product.issuer.token({ sub: newId() })
  const mine = [await product.connect(0, token), await product.connect(0, token)]
  const byMessage = await product.connect(0)
  expect(await byMessage.ask('auth.authenticate', { accessToken: token })).toMatchObject({ type: 'auth.ok' })
  await expect(product.connect(0, token)).rejects.toThrow('429')
  const another = await product.connect(0)
  expect(await another.ask('auth.authenticate', { accessToken: token })).toMatchObject({
    type: 'error',
    payload: { code: 'rate-limited' },
  })
  const neighbour = await product.connect(0, product.issuer.token({ sub: newId() }))
  mine[0]?.close()
  let again: WireClient | undefined
  await eventually(async () => (again = await product.connect(0, token)))
  for (const client of [...mine, byMessage, another, neighbour, again]) client?.close()
})

it('X5 a socket that joins nothing within 60 s is closed, one that is in a room or waits is not', async () => {
  const idle = await product.connect(0, product.issuer.token({ sub: newId() }))
  const meeting = aMeeting()
  const inside = await product.join(0, meeting, 'Ida')
  const { token, roomToken } = product.grant(meeting, 'Wim', 'guest', 'wait')
  const waits = await product.connect(0, token)
  await waits.ask('room.join', { roomToken, device: { mic: true, cam: true } })
  const left = await product.join(0, meeting, 'Lea')
  // The ticks of the node see the time pass; pings are answered by the clients.
  for (let passed = 0; passed < wire.joinWithinMs + 4_000; passed += 2_000) {
    clock.advance(2_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    for (const client of [idle, inside.client, waits, left.client]) client.tell('pong')
  }
  await eventually(() => expect(idle.closed).toMatchObject({ code: 1000 }))
  expect([inside.client.closed, waits.closed, left.client.closed]).toEqual([null, null, null])
  for (const client of [inside.client, waits, left.client]) client.close()
}, 30_000)

it('X4 resumes with invented meetings open no room', async () => {
  const before = await rooms()
  const client = await product.connect(0, product.issuer.token({ sub: newId() }))
  for (let n = 0; n < 15; n += 1) {
    const resumeToken = [newId(), newId(), newId(), 'A'.repeat(24)].join('.')
    const answer = await client.ask('room.resume', { sessionId: newId(), resumeToken, v: 0 })
    expect(answer).toMatchObject({ type: 'error', payload: { code: 'resume-failed', next: 'rejoin' } })
  }
  expect(await rooms()).toBe(before)
  client.close()
})
