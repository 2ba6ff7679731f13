import { setTimeout as sleep } from 'node:timers/promises'
import { closeCodes, wire } from '@parley/contracts'
import { createLogger, createMemoryBus, createMemoryKv } from '@parley/kit'
import { eventually, steppingClock } from '@parley/kit/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { aMeeting, startNodes } from './testing/harness.ts'
import type { WireClient } from './testing/wire-client.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const steps: [string, number][] = [
  ['back 60 s', -60_000],
  ['forward 60 s', 60_000],
]

/** Nodes with a clock each. */
function createWorld(nodes: number) {
  const [bus, kv] = [createMemoryBus({ log }), createMemoryKv({ log })]
  const clocks = Array.from({ length: nodes }, steppingClock)
  const clockOf = (node: number) => clocks[node] ?? steppingClock()
  return {
    clockOf,
    start: () => startNodes(nodes, { bus, kv, clockOf }),
    async stop() {
      await bus.close(1_000)
      await kv.close()
    },
  }
}

describe.each(steps)('C14 T33 the sockets of a node whose clock is set %s', (_name, ms) => {
  const world = createWorld(1)
  const clock = world.clockOf(0)
  let product: Awaited<ReturnType<typeof startNodes>>
  beforeAll(async () => void (product = await world.start()))
  // A node that is a minute behind takes a fresh token for one of the future (S4).
  afterEach(() => world.clockOf(0).step(-ms))
  afterAll(async () => {
    await product.stop()
    await world.stop()
  })

  /** Lets time pass faster than it does, in parts that are no standstill. */
  const pass = async (timeMs: number): Promise<void> => {
    const until = clock.monotonic() + timeMs
    while (clock.monotonic() < until) {
      clock.advance(1_500)
      await sleep(400)
    }
  }

  it('R8 are pinged as before; a socket that answers stays, one that is silent for 12 s is closed', async () => {
    const token = product.issuer.token()
    const there = await product.connect(0, token)
    const silent = await product.connect(0, token)
    silent.answersPings = false
    const openedAt = clock.monotonic()
    clock.step(ms)
    await pass(wire.clientSilentMs - 4_000)
    expect(silent.closed).toBeNull()
    while (silent.closed === null && clock.monotonic() - openedAt < 2 * wire.clientSilentMs) await pass(1)
    expect(silent.closed?.code).toBe(closeCodes.noHeartbeat.code)
    await pass(wire.clientSilentMs)
    expect(there.closed).toBeNull()
    expect(there.of('ping').length).toBeGreaterThanOrEqual(2)
    there.close()
  })

  it('R8 have 5 s to say who they are', async () => {
    const stranger = await product.connect(0)
    clock.step(ms)
    await pass(wire.authenticateWithinMs - 3_000)
    expect(stranger.closed).toBeNull()
    await pass(3_000)
    await eventually(() => expect(stranger.closed?.code).toBe(closeCodes.unauthenticated.code))
  })

  it('R10 have the same limit of messages, neither opened nor shut by it', async () => {
    const client = await product.connect(0, product.issuer.token())
    expect(await refusals(client, wire.message.burst + 20)).toBeGreaterThan(10)
    clock.step(ms)
    // A few have become free in the time that has really passed.
    expect(await refusals(client, 20)).toBeGreaterThan(10)
    await pass(3_000)
    expect(await refusals(client, 20)).toBe(0)
    client.close()
  })
})

let asked = 0
/** Asks so often at once, and counts what the limit refused. */
async function refusals(client: WireClient, count: number): Promise<number> {
  const ids = Array.from({ length: count }, () => `many-${(asked += 1)}`)
  for (const id of ids) client.tell('hand.raise', {}, id)
  await eventually(() => expect(ids.every((id) => client.answersTo(id).length > 0)).toBe(true))
  return ids.flatMap((id) => client.answersTo(id)).filter(({ payload }) => payload['code'] === 'rate-limited').length
}

describe.each([...steps, ['back 30 s', -30_000], ['forward 30 s', 30_000]] as [string, number][])(
  'C14 T33 a room on two nodes, when the clock of one is set %s',
  (_name, ms) => {
    const world = createWorld(2)
    let product: Awaited<ReturnType<typeof startNodes>>
    beforeAll(async () => void (product = await world.start()))
    afterAll(async () => {
      await product.stop()
      await world.stop()
    })

    it('R8 a person who lost the socket comes back on the other node, and nobody saw them leave', async () => {
      const meeting = aMeeting()
      const [ada, ben] = [await product.join(1, meeting, 'Ada'), await product.join(0, meeting, 'Ben')]
      const { v, sessionId, resumeToken } = ben.joined
      world.clockOf(0).step(ms)
      ben.client.drop()
      await ada.client.waitFor('participant.updated', ({ connection }) => connection === 'reconnecting')
      const back = await product.connect(1, ben.token)
      expect(await back.ask('room.resume', { sessionId, resumeToken, v })).toMatchObject({ type: 'room.resumed' })
      expect(ada.client.of('participant.left')).toEqual([])
    })

    it('R8 a person who does not come back leaves after 10 s, not sooner, and not a minute later', async () => {
      const meeting = aMeeting()
      const [ada, ben] = [await product.join(1, meeting, 'Ada'), await product.join(0, meeting, 'Ben')]
      ben.client.drop()
      await ada.client.waitFor('participant.updated', ({ connection }) => connection === 'reconnecting')
      const lostAt = performance.now()
      world.clockOf(0).step(ms)
      const left = () => ada.client.of('participant.left').filter(({ payload }) => payload['participantId'] === ben.id)
      await eventually(() => expect(left()).toMatchObject([{ payload: { reason: 'timeout' } }]), 18_000)
      expect(performance.now() - lostAt).toBeGreaterThan(wire.graceMs - 1_500)
      expect(ada.client.closed).toBeNull()
    }, 30_000)
  },
)
